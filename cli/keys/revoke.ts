import { type ConnectionOptions, connect } from '../client/connection.ts'
import { accepted } from '../client/failures.ts'
import { confirm } from '../terminal/confirm.ts'
import { plain, printJson, printNote } from '../terminal/output.ts'
import { RevokeKey } from './documents.ts'
import { findKeyId } from './find.ts'

export interface RevokeOptions extends ConnectionOptions {
  readonly yes?: boolean
  /** Until every data plane refuses it. */
  readonly wait?: boolean
  readonly json?: boolean
}

/** Ends a key for good, once somebody has said yes. */
export async function revokeKey(idOrName: string, options: RevokeOptions): Promise<void> {
  const controlPlane = await connect(options)
  const id = await findKeyId(controlPlane, idOrName)
  await confirm(`Revoke ${plain(idOrName)} (${id}) for good?`, options)
  const waitFor = options.wait ? 'ALL' : 'NONE'
  const { revokeVirtualKey } = await controlPlane.run(RevokeKey, { input: { id, waitFor } })
  const revoked = accepted(revokeVirtualKey, 'VirtualKey')
  if (options.json) printJson({ id: revoked.id, name: revoked.name, status: revoked.status })
  else printNote(`${revoked.id} is revoked`)
}
