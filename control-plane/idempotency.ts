import { helper, Utils } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from './actor.ts'
import { entities } from './db/entities.ts'
import { AlreadyIssued, IdempotencyKeyReused } from './graphql/concurrency.ts'

/** How long a key is remembered. */
export const rememberedHours = 24
const mostForgottenAtOnce = 100

/** A mutation that its caller may repeat without doing it twice. */
export interface IdempotentRequest {
  /** The caller's own. */
  readonly key: string
  /** The mutation's name. */
  readonly operation: string
  /** Tells inputs apart without telling them. */
  readonly inputDigest: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** What was created: an entity, or an entity with its secret. */
interface CreatedReference {
  readonly entity: string
  readonly id: string
  readonly isWithSecret: boolean
}

/**
 * Does `work` once for each key of an actor, in the caller's transaction: of two requests at once, the later one waits
 * for the earlier one's commit. A repetition answers what is there by now; a refused request leaves no trace.
 *
 * @throws IdempotencyKeyReused for another input, AlreadyIssued for what was shown once.
 */
export async function doOnce<T>(
  em: EntityManager,
  { organizationId, id: actorId }: Actor,
  request: IdempotentRequest,
  work: () => Promise<T>,
): Promise<T> {
  await forgetOldKeys(em, organizationId, request.now)
  const { key, operation, inputDigest, now } = request
  const claimed = await em.execute<unknown[]>(
    `insert into idempotency_keys (org_id, actor_id, key, operation, input_digest, created_at)
     values (?, ?, ?, ?, ?, ?) on conflict do nothing returning key`,
    [organizationId, actorId, key, operation, inputDigest, new Date(now)],
  )
  if (claimed.length === 0) return replay<T>(em, organizationId, actorId, request)
  const result = await work()
  await em.execute(
    'update idempotency_keys set result = ?::jsonb where org_id = ? and actor_id = ? and key = ?',
    [JSON.stringify(referenceTo(result)), organizationId, actorId, key],
  )
  return result
}

async function replay<T>(
  em: EntityManager,
  organizationId: string,
  actorId: string,
  { key, operation, inputDigest }: IdempotentRequest,
): Promise<T> {
  const [first] = await em.execute<{ operation: string; inputDigest: string; result: CreatedReference }[]>(
    `select operation, input_digest as "inputDigest", result from idempotency_keys
     where org_id = ? and actor_id = ? and key = ?`,
    [organizationId, actorId, key],
  )
  if (first?.operation !== operation || first.inputDigest !== inputDigest) {
    throw new IdempotencyKeyReused(key, `for another ${first?.operation ?? 'request'}: choose a new one`)
  }
  const { entity, id, isWithSecret } = first.result
  if (isWithSecret) throw new AlreadyIssued(id)
  const type = entities.find(({ meta }) => meta.className === entity)
  const row = type ? await em.findOne<{ id: string }>(type.meta.class, { id }) : null
  if (row === null) throw new IdempotencyKeyReused(key, `for ${id}, which is deleted since: choose a new one`)
  return row as T
}

function referenceTo(result: unknown): CreatedReference {
  if (typeof result !== 'object' || result === null)
    throw new TypeError('only what creates something is repeated')
  const isWithSecret = !Utils.isEntity(result)
  const created = isWithSecret
    ? (Object.values(result).find((part) => Utils.isEntity(part)) ?? result)
    : result
  if (Utils.isEntity<{ id: string }>(created)) {
    return { entity: helper(created).__meta.className, id: created.id, isWithSecret }
  }
  // Not an entity, but shown once all the same: an enrolment token.
  if ('id' in created && typeof created.id === 'string') return { entity: '', id: created.id, isWithSecret }
  throw new TypeError('only what has an id can be repeated')
}

async function forgetOldKeys(em: EntityManager, organizationId: string, now: number): Promise<void> {
  await em.execute(
    `delete from idempotency_keys where (org_id, actor_id, key) in (
       select org_id, actor_id, key from idempotency_keys where org_id = ? and created_at < ?
       order by created_at limit ${mostForgottenAtOnce} for update skip locked)`,
    [organizationId, new Date(now - rememberedHours * 3_600_000)],
  )
}
