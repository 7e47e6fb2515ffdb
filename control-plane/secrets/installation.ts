import { randomBytes } from 'node:crypto'
import type { Database } from '../db/database.ts'
import { openUnder, type SealedPlace, SealedValueRefused, sealUnder } from './envelope.ts'
import { generateSigningKey } from './signing-key.ts'

/** No organization has this id, so that the transaction sees no tenant's rows. */
const installation = 'installation'

/**
 * The signing key (PKCS #8 DER) and the pepper. Whichever control plane comes first creates them; the others
 * find them.
 *
 * @throws SealedValueRefused when they were sealed under another master key.
 */
export async function openInstallationSecrets(
  database: Database,
  masterKey: Buffer,
): Promise<{ signingKey: Buffer; pepper: Buffer }> {
  return database.transaction(installation, async (em) => {
    const findOrCreate = async (name: string, generate: () => Buffer): Promise<Buffer> => {
      const place = placeOf(name)
      // Several control planes may start on an empty database: the first row stands, everybody reads that one.
      await em.execute(
        'insert into installation_secrets (name, sealed) values (?, ?) on conflict do nothing',
        [name, sealUnder(masterKey, place, generate())],
      )
      const rows = await em.execute<{ sealed: string }[]>(
        'select sealed from installation_secrets where name = ?',
        [name],
      )
      return openOrExplain(masterKey, place, rows[0]?.sealed ?? '')
    }
    return {
      signingKey: await findOrCreate('signing_key', generateSigningKey),
      pepper: await findOrCreate('pepper', () => randomBytes(32)),
    }
  })
}

function openOrExplain(masterKey: Buffer, place: SealedPlace, sealed: string): Buffer {
  try {
    return openUnder(masterKey, place, sealed)
  } catch (error) {
    if (!(error instanceof SealedValueRefused)) throw error
    throw new SealedValueRefused(
      `GATEHOUSE_MASTER_KEY does not open this database: ${error.message}. Start with the key that the database was set up with`,
    )
  }
}

function placeOf(name: string): SealedPlace {
  return { organizationId: installation, entity: 'installation_secrets', field: 'sealed', id: name }
}
