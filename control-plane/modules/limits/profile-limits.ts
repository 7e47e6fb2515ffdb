import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { keyOf } from '../../../contract/configuration/entities.ts'
import { newId } from '../../db/id.ts'
import type { PlacedPolicyOwner } from '../../policy-owners.ts'
import type { RecordedChange } from '../../publisher/revision.ts'
import { RequestLimitEntity } from './entity.ts'
import { requestLimitSnapshot } from './snapshot.ts'
import type { LimitTerms } from './terms.ts'

/**
 * Gives virtual keys the request limits of the profile that they follow. A limit that stays keeps its id, and with it
 * what was counted; one for a window of the same length that the key had by itself becomes the profile's.
 *
 * @param keys locked by the caller.
 */
export async function assignProfileLimits(
  em: EntityManager,
  organizationId: string,
  keys: readonly PlacedPolicyOwner[],
  profileLimits: readonly LimitTerms[],
  now: Date,
): Promise<RecordedChange> {
  const ids = keys.map(({ id }) => id)
  const present = await em.find(
    RequestLimitEntity,
    { ownerKind: 'virtual_key', ownerId: { $in: ids } },
    { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } },
  )
  const wanted = new Set(profileLimits.map(({ windowSeconds }) => windowSeconds))
  const gone = present.filter(({ fromProfile, windowSeconds }) => fromProfile && !wanted.has(windowSeconds))
  for (const limit of gone) em.remove(limit)
  const given = keys.flatMap((key) =>
    profileLimits.map(({ maxRequests, maxTokens = null, windowSeconds }) => {
      const limit = present.find((one) => one.ownerId === key.id && one.windowSeconds === windowSeconds)
      if (limit) return em.assign(limit, { maxRequests, maxTokens, fromProfile: true })
      return em.create(RequestLimitEntity, {
        ...{ id: newId('lim'), organizationId, workspaceId: key.workspaceId },
        ...{ ownerKind: 'virtual_key', ownerId: key.id },
        ...{ maxRequests, maxTokens, windowSeconds, fromProfile: true, createdAt: now },
      })
    }),
  )
  return {
    upserts: given.map(requestLimitSnapshot),
    removals: gone.map((limit) => keyOf(requestLimitSnapshot(limit))),
  }
}

/** Leaves a key the request limits that its profile gave it, as its own. */
export async function releaseProfileLimits(em: EntityManager, virtualKeyId: string): Promise<void> {
  const owned = { ownerKind: 'virtual_key', ownerId: virtualKeyId, fromProfile: true } as const
  await em.nativeUpdate(RequestLimitEntity, owned, { fromProfile: false })
}
