import { createHmac } from 'node:crypto'
import type { Database } from '../db/database.ts'
import { openUnder, type SealedPlace, sealUnder } from './envelope.ts'
import { openInstallationSecrets } from './installation.ts'
import { CurrentSigners } from './signers.ts'

/** The secrets of this installation, and the only way in which a secret gets into a column. */
export interface Secrets {
  /** Encrypts a secret for one place; the answer may be stored. */
  sealValue(place: SealedPlace, plaintext: string): string
  /** @throws SealedValueRefused when it was sealed for another place, under another key, or altered. */
  openValue(place: SealedPlace, sealed: string): string
  /** Sign what data planes receive, as of the caller's transaction. A key's id is its RFC 7638 thumbprint. */
  readonly signers: CurrentSigners
  /** 32 bytes under which virtual keys are hashed. */
  readonly pepper: Buffer
  /** HMAC-SHA256 of a virtual key's secret under the pepper, hex. */
  digestVirtualKey(secret: string): string
}

/**
 * Opens this installation's secrets, and creates them on the first start.
 *
 * @param masterKey 32 bytes, from GATEHOUSE_MASTER_KEY.
 * @throws SealedValueRefused when the database was set up under another master key.
 */
export async function openSecrets(database: Database, masterKey: Buffer): Promise<Secrets> {
  if (masterKey.length !== 32) {
    throw new RangeError(`GATEHOUSE_MASTER_KEY must be 32 bytes in base64, not ${masterKey.length}`)
  }
  const pepper = await openInstallationSecrets(database, masterKey)
  return {
    sealValue: (place, plaintext) => sealUnder(masterKey, place, Buffer.from(plaintext)),
    openValue: (place, sealed) => openUnder(masterKey, place, sealed).toString('utf8'),
    signers: new CurrentSigners(masterKey),
    pepper,
    digestVirtualKey: (secret) => createHmac('sha256', pepper).update(secret).digest('hex'),
  }
}
