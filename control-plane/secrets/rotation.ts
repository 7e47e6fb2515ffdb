import type { EntityManager } from '@mikro-orm/postgresql'
import { type KeySet, PublicSigningKey, sealKeySet } from '../../contract/key-set.ts'
import type { SigningKey } from '../../contract/signed.ts'
import { checkerOf } from '../../contract/validation.ts'
import { monotoneNumber } from '../db/monotone-number.ts'
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
  { keys: [current], version: last }: InstallationSigners,
): Promise<InstallationSigningKey> {
  const der = generateSigningKey()
  const next = await signingKeyOf(der)
  await storeSigningKey(em, masterKey, next.id, der)
  const keys = [publicKeyOf(current), publicKeyOf(next)]
  await storeSet(em, keys, last, current)
  return next
}

/** Leaves the newest key alone, and destroys the other. */
export async function retireKey(
  em: EntityManager,
  { keys: [newest, ...retired], version: last }: InstallationSigners,
): Promise<void> {
  await storeSet(em, [publicKeyOf(newest)], last, newest)
  for (const { id } of retired) await forgetSigningKey(em, id)
}

async function storeSet(
  em: EntityManager,
  keys: KeySet['keys'],
  last: number,
  signer: SigningKey,
): Promise<void> {
  // A data plane that knows a rotation which the restored database does not has to take up the next one.
  const [next] = await em.execute<{ version: number }[]>(
    `select ${monotoneNumber('?::integer')} as version`,
    [last],
  )
  const version = next?.version ?? last + 1
  await em.execute('insert into signing_key_sets (version, statement) values (?, ?)', [
    version,
    sealKeySet({ format: 1, version, keys }, signer),
  ])
}

function publicKeyOf({ publicJwk }: InstallationSigningKey): PublicSigningKey {
  return checkPublicKey(publicJwk)
}
