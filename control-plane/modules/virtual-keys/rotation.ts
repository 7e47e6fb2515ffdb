import type { FilterQuery } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { checkInteger, checkText } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import type { VirtualKey } from './entity.ts'
import { KeyRevoked } from './errors.ts'
import { type KeyFilter, keyCondition, lockKeys } from './filter.ts'
import { lockLiveKey, recordKeys } from './record.ts'
import { addDigest, makeSecret, removeDigests, retireDigests } from './secrets.ts'
import type { IssuedKey } from './service.ts'

const longestOverlapSeconds = 86_400
/** Of one rotation in bulk, which is one transaction and one revision. */
export const mostRotatedAtOnce = 500

/**
 * Gives a key a new secret. The old one works for `overlapSeconds` more.
 *
 * @throws NotFound, KeyRevoked
 */
export function rotateVirtualKey(
  context: ServiceContext,
  actor: Actor,
  input: { readonly id: string; readonly overlapSeconds: number },
): Promise<IssuedKey> {
  const overlapSeconds = checkOverlap(input.overlapSeconds)
  return transactionOf(context, actor, async (em) => {
    const virtualKey = await lockLiveKey(em, actor, 'virtual_keys:rotate', input.id)
    const secret = await replaceSecret(context, em, virtualKey, overlapSeconds)
    await recordKeys(context, em, actor, [virtualKey], 'virtual_key.rotated')
    return { virtualKey, secret }
  })
}

export interface BulkRotation {
  /** The caller's own name for this rotation. */
  readonly rotationKey: string
  /** Either these keys, or those that the filter matches and that are not revoked. */
  readonly virtualKeyIds?: readonly string[] | null | undefined
  readonly filter?: KeyFilter | null | undefined
  readonly overlapSeconds: number
}

export interface RotatedKey {
  readonly virtualKey: VirtualKey
  /** Null when this rotation had been made before: its secret was shown then. */
  readonly secret: string | null
}

/**
 * Gives many keys new secrets: all of them or, when one is refused, none. Asked again under the same rotation key
 * it rotates only those that it has not rotated yet.
 *
 * @throws NotFound for an unknown id, KeyRevoked for that of a revoked key, BadUserInput when the filter matches none.
 */
export function rotateVirtualKeys(
  context: ServiceContext,
  actor: Actor,
  input: BulkRotation,
): Promise<RotatedKey[]> {
  const overlapSeconds = checkOverlap(input.overlapSeconds)
  const rotation = checkText('rotationKey', input.rotationKey, { maximumLength: 128 })
  return transactionOf(context, actor, async (em) => {
    const keys = await selectKeys(em, actor, input)
    const rotated: RotatedKey[] = []
    for (const virtualKey of keys) {
      const isDone = virtualKey.rotation === rotation
      const secret = isDone ? null : await replaceSecret(context, em, virtualKey, overlapSeconds)
      virtualKey.rotation = rotation
      rotated.push({ virtualKey, secret })
    }
    const changed = rotated.flatMap(({ virtualKey, secret }) => (secret === null ? [] : [virtualKey]))
    await recordKeys(context, em, actor, changed, 'virtual_key.rotated')
    return rotated
  })
}

async function selectKeys(em: EntityManager, actor: Actor, input: BulkRotation): Promise<VirtualKey[]> {
  const { virtualKeyIds, filter } = input
  if (virtualKeyIds && filter) throw new BadUserInput('filter', 'cannot be combined with "virtualKeyIds"')
  if (!virtualKeyIds && !filter) {
    throw new BadUserInput('virtualKeyIds', 'is required unless a "filter" is given')
  }
  if (virtualKeyIds) checkCount('virtualKeyIds', virtualKeyIds.length)
  const condition: FilterQuery<VirtualKey> = virtualKeyIds
    ? { id: { $in: [...virtualKeyIds] } }
    : { $and: [keyCondition(filter ?? {}), { status: { $ne: 'revoked' } }] }
  const keys = await lockKeys(em, condition, mostRotatedAtOnce + 1)
  if (!virtualKeyIds) checkCount('filter', keys.length)
  const missing = virtualKeyIds?.find((id) => !keys.some((key) => key.id === id))
  if (missing !== undefined) throw new NotFound('virtual key', missing)
  for (const key of keys) {
    actor.require('virtual_keys:rotate', key)
    if (key.status === 'revoked') throw new KeyRevoked(key.id)
  }
  return keys
}

function checkCount(field: string, count: number): void {
  if (count >= 1 && count <= mostRotatedAtOnce) return
  throw new BadUserInput(field, `must name 1 to ${mostRotatedAtOnce} keys that are not revoked`)
}

async function replaceSecret(
  context: ServiceContext,
  em: EntityManager,
  key: VirtualKey,
  overlapSeconds: number,
): Promise<string> {
  const secret = makeSecret()
  const now = context.now()
  if (overlapSeconds === 0) await removeDigests(em, key.id)
  else await retireDigests(em, key.id, new Date(now + overlapSeconds * 1000))
  await addDigest(em, key, context.secrets.digestVirtualKey(secret))
  key.rotatedAt = new Date(now)
  return secret
}

function checkOverlap(overlapSeconds: number): number {
  return checkInteger('overlapSeconds', overlapSeconds, { minimum: 0, maximum: longestOverlapSeconds })
}
