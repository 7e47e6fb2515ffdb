import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { VerificationKey } from '../../../contract/configuration/tokens.ts'
import type { SigningKey } from '../../../contract/signed.ts'
import { systemActor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import type { SealedPlace } from '../../secrets/envelope.ts'
import type { Secrets } from '../../secrets/secrets.ts'
import { generateSigningKey, signingKeyOf } from '../../secrets/signing-key.ts'
import type { ServiceContext } from '../../service-context.ts'
import { readEpochOfAll } from '../../sessions/session-epochs.ts'
import { ownIssuer } from './snapshot.ts'

type Context = Pick<ServiceContext, 'secrets' | 'now'>

interface KeyRow {
  readonly id: string
  readonly sealed: string
  readonly publicKey: VerificationKey
  readonly createdAt: Date
}

const keyLifeMs = 30 * 24 * 3_600_000
/** Data planes have long learned a key before it signs. */
const learningMs = 10 * 60_000
/** Until then tokens of the key before may be about. */
const overlapMs = 60 * 60_000

/** The organization's key that signs now; the first one is made when it is wanted. */
export async function readSigningKey(
  context: Context,
  em: EntityManager,
  organizationId: string,
): Promise<SigningKey> {
  const keys = await keepKeys(context, em, organizationId)
  const learned = keys.filter(({ createdAt }) => createdAt.getTime() <= context.now() - learningMs)
  const row = learned.at(-1) ?? keys[0]
  if (!row) throw new Error(`${organizationId} has no key for access tokens`)
  return { id: row.id, privateKey: openKey(context.secrets, organizationId, row) }
}

/**
 * Makes a key where there is none or only an old one, and forgets one that has been followed.
 *
 * @returns all that data planes are told of, the oldest first
 */
export async function keepKeys(
  context: Context,
  em: EntityManager,
  organizationId: string,
): Promise<readonly KeyRow[]> {
  const known = await readKeys(em, organizationId)
  if (isInOrder(known, context.now())) return known
  // Of two who find the keys out of order, the later one finds them in order.
  await lockKeys(em, organizationId)
  const present = await readKeys(em, organizationId)
  const now = context.now()
  if (isInOrder(present, now)) return present
  const newest = present.at(-1)
  if (!newest || isOld(newest, now)) await addKey(context, em, organizationId)
  else {
    await em.execute('delete from access_token_keys where org_id = ? and id <> ?', [
      organizationId,
      newest.id,
    ])
  }
  const keys = await readKeys(em, organizationId)
  const publicKeys = keys.map(({ publicKey }) => publicKey)
  const issuer = ownIssuer(organizationId, publicKeys, await readEpochOfAll(em, organizationId))
  const subject = { kind: 'access_token_keys', id: organizationId }
  const details = { keyIds: keys.map(({ id }) => id) }
  const entry = { type: 'access_token_keys.changed', subject, details }
  await recordChange(context, em, systemActor(organizationId), entry, { upserts: [issuer] })
  return keys
}

/** Until the transaction ends nobody else makes or forgets a key, or tells data planes of them. */
export async function lockKeys(em: EntityManager, organizationId: string): Promise<void> {
  const name = `gatehouse/access-token-keys/${organizationId}`
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [name])
}

function isInOrder(keys: readonly KeyRow[], now: number): boolean {
  const newest = keys.at(-1)
  if (!newest || isOld(newest, now)) return false
  return keys.length === 1 || newest.createdAt.getTime() > now - overlapMs
}

function isOld({ createdAt }: KeyRow, now: number): boolean {
  return createdAt.getTime() <= now - keyLifeMs
}

async function addKey({ secrets, now }: Context, em: EntityManager, organizationId: string): Promise<void> {
  const der = generateSigningKey()
  const { id, publicJwk } = await signingKeyOf(der)
  const { kty, crv, x } = publicJwk
  await em.execute(
    `insert into access_token_keys (org_id, id, sealed_private_key, public_key, created_at)
     values (?, ?, ?, ?::jsonb, ?)`,
    [
      ...[organizationId, id, secrets.sealValue(placeOf(organizationId, id), der.toString('base64'))],
      ...[JSON.stringify({ kty, crv, x, kid: id, alg: 'EdDSA', use: 'sig' }), new Date(now())],
    ],
  )
}

async function readKeys(em: EntityManager, organizationId: string): Promise<KeyRow[]> {
  const rows = await em.execute<(Omit<KeyRow, 'createdAt'> & { createdAt: Date | string })[]>(
    `select id, sealed_private_key as sealed, public_key as "publicKey", created_at as "createdAt"
     from access_token_keys where org_id = ? order by created_at, id`,
    [organizationId],
  )
  return rows.map((row) => ({ ...row, createdAt: new Date(row.createdAt) }))
}

function openKey(secrets: Secrets, organizationId: string, { id, sealed }: KeyRow): KeyObject {
  const der = Buffer.from(secrets.openValue(placeOf(organizationId, id), sealed), 'base64')
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

function placeOf(organizationId: string, id: string): SealedPlace {
  return { organizationId, entity: 'access_token_keys', field: 'sealed_private_key', id }
}
