import { randomBytes } from 'node:crypto'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Database } from '../db/database.ts'
import { openUnder, type SealedPlace, SealedValueRefused, sealUnder } from './envelope.ts'
import { generateSigningKey } from './signing-key.ts'

/** No organization has this id, so that the transaction sees no tenant's rows. */
const installation = 'installation'

/** The name of the first signing key; that of any other is `signing_key/<id>`. */
export const firstSigningKey = 'signing_key'

/**
 * The pepper; whichever control plane comes first creates it, and the first signing key. The others find them.
 *
 * @throws SealedValueRefused when they were sealed under another master key.
 */
export async function openInstallationSecrets(database: Database, masterKey: Buffer): Promise<Buffer> {
  return database.transaction(installation, async (em) => {
    const { length: successors } = await em.execute('select version from signing_key_sets limit 1')
    if (successors === 0) await findOrCreate(em, masterKey, firstSigningKey, generateSigningKey)
    return findOrCreate(em, masterKey, 'pepper', () => randomBytes(32))
  })
}

async function findOrCreate(
  em: EntityManager,
  masterKey: Buffer,
  name: string,
  generate: () => Buffer,
): Promise<Buffer> {
  const place = placeOf(name)
  // Several control planes may start on an empty database: the first row stands, everybody reads that one.
  await em.execute('insert into installation_secrets (name, sealed) values (?, ?) on conflict do nothing', [
    name,
    sealUnder(masterKey, place, generate()),
  ])
  const rows = await em.execute<{ sealed: string }[]>(
    'select sealed from installation_secrets where name = ?',
    [name],
  )
  return openOrExplain(masterKey, place, rows[0]?.sealed ?? '')
}

/** Every signing key whose private half is kept, by its name. */
export async function openSigningKeys(
  em: EntityManager,
  masterKey: Buffer,
): Promise<ReadonlyMap<string, Buffer>> {
  const rows = await em.execute<{ name: string; sealed: string }[]>(
    `select name, sealed from installation_secrets where name = ? or name like ?`,
    [firstSigningKey, `${firstSigningKey}/%`],
  )
  return new Map(rows.map(({ name, sealed }) => [name, openOrExplain(masterKey, placeOf(name), sealed)]))
}

export async function storeSigningKey(
  em: EntityManager,
  masterKey: Buffer,
  id: string,
  der: Buffer,
): Promise<void> {
  const name = `${firstSigningKey}/${id}`
  await em.execute('insert into installation_secrets (name, sealed) values (?, ?)', [
    name,
    sealUnder(masterKey, placeOf(name), der),
  ])
}

/** The first key's name does not say which one it was, but it is retired first. */
export async function forgetSigningKey(em: EntityManager, id: string): Promise<void> {
  await em.execute('delete from installation_secrets where name in (?, ?)', [
    firstSigningKey,
    `${firstSigningKey}/${id}`,
  ])
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
