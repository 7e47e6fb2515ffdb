import { type ConnectionOptions, connect } from '../client/connection.ts'
import { accepted } from '../client/failures.ts'
import { durationSeconds } from '../terminal/duration.ts'
import { RotateKey } from './documents.ts'
import { findKeyId } from './find.ts'
import { printSecret } from './secret.ts'

export interface RotateOptions extends ConnectionOptions {
  /** How long the old secret still works: `1h`. */
  readonly overlap: string
  readonly json?: boolean
}

/** Gives a key a new secret and prints it. */
export async function rotateKey(idOrName: string, options: RotateOptions): Promise<void> {
  const overlapSeconds = durationSeconds(options.overlap)
  const controlPlane = await connect(options)
  const id = await findKeyId(controlPlane, idOrName)
  const { rotateVirtualKey } = await controlPlane.run(RotateKey, { input: { id, overlapSeconds } })
  printSecret(accepted(rotateVirtualKey, 'IssuedVirtualKey'), options)
}
