import type { EntityManager } from '@mikro-orm/postgresql'
import { type KeySet, PublicSigningKey, sealKeySet } from '../../contract/key-set.ts'
import type { SigningKey } from '../../contract/signed.ts'
import { checkerOf } from '../../contract/validation.ts'
import { forgetSigningKey, storeSigningKey } from './installation.ts'
import { CurrentSigners, type InstallationSigners } from './signers.ts'
import { generateSigningKey, type InstallationSigningKey, signingKeyOf } from './signing-key.ts'

const rotationLock = 'gatehouse/rotate-signing-key'
const checkPublicKey = checkerOf('signing key', PublicSigningKey)

/** One rotation at a time, until the transaction ends. */
export async function lockSigners(em: EntityManager, masterKey: Buffer): Promise<InstallationSigners> {
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [rotationLock])
  return new CurrentSigners(masterKey).read(em)
}

/** Adds a key beside the only one: from now on everything is signed by both. */
export async function announceKey(
  em: EntityManager,
  masterKey: Buffer,
  { keys: [current], version }: InstallationSigners,
): Promise<InstallationSigningKey> {
  const der = generateSigningKey()
  const next = await signingKeyOf(der)
  await storeSigningKey(em, masterKey, next.id, der)
  const keys = [publicKeyOf(current), publicKeyOf(next)]
  await storeSet(em, { format: 1, version: version + 1, keys }, current)
  return next
}

/** Leaves the newest key alone, and destroys the other. */
export async function retireKey(
  em: EntityManager,
  { keys: [newest, ...retired], version }: InstallationSigners,
): Promise<void> {
  await storeSet(em, { format: 1, version: version + 1, keys: [publicKeyOf(newest)] }, newest)
  for (const { id } of retired) await forgetSigningKey(em, id)
}

async function storeSet(em: EntityManager, set: KeySet, key: SigningKey): Promise<void> {
  await em.execute('insert into signing_key_sets (version, statement) values (?, ?)', [
    set.version,
    sealKeySet(set, key),
  ])
}

function publicKeyOf({ publicJwk }: InstallationSigningKey): PublicSigningKey {
  return checkPublicKey(publicJwk)
}
