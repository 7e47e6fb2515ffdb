import { LockMode } from '@mikro-orm/core'
import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { lockRow } from '../../db/require-row.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { checkInteger } from '../../input.ts'
import { lockPolicyOwner, type PolicyOwner } from '../../policy-owners.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type RequestLimit, RequestLimitEntity } from './entity.ts'
import { requestLimitSnapshot } from './snapshot.ts'

/** What the column holds. */
const mostRequests = 2_147_483_647
/** 31 days. */
const longestWindowSeconds = 2_678_400

export interface SetRequestLimit {
  readonly owner: PolicyOwner
  readonly maxRequests: number
  readonly windowSeconds: number
}

/**
 * Gives an owner its request limit, or changes the one that it has.
 *
 * @throws NotFound when the owner does not exist.
 */
export function setRequestLimit(
  context: ServiceContext,
  actor: Actor,
  input: SetRequestLimit,
): Promise<RequestLimit> {
  const { owner } = input
  const fields = {
    maxRequests: checkInteger('maxRequests', input.maxRequests, { minimum: 1, maximum: mostRequests }),
    windowSeconds: checkInteger('windowSeconds', input.windowSeconds, {
      minimum: 1,
      maximum: longestWindowSeconds,
    }),
  }
  return transactionOf(context, actor, async (em) => {
    const { workspaceId } = await lockPolicyOwner(em, actor, owner)
    actor.require('limits:update', { workspaceId })
    const present = await em.findOne(
      RequestLimitEntity,
      { ownerKind: owner.kind, ownerId: owner.id },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    )
    const before = present && terms(present)
    const limit = present
      ? em.assign(present, fields)
      : em.create(RequestLimitEntity, {
          id: newId('lim'),
          organizationId: actor.organizationId,
          workspaceId,
          ownerKind: owner.kind,
          ownerId: owner.id,
          ...fields,
          createdAt: new Date(context.now()),
        })
    const details = { owner: { ...owner }, before, after: terms(limit) }
    await recordChange(
      context,
      em,
      actor,
      { type: 'request_limit.set', subject: { kind: 'request_limit', id: limit.id }, workspaceId, details },
      { upserts: [requestLimitSnapshot(limit)] },
    )
    return limit
  })
}

/** @throws NotFound */
export function removeRequestLimit(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ id: string }> {
  return transactionOf(context, actor, async (em) => {
    const limit = await lockRow(em, RequestLimitEntity, 'request limit', id)
    const { workspaceId, ownerKind, ownerId } = limit
    if (workspaceId !== null && actor.workspaceId !== null && workspaceId !== actor.workspaceId) {
      throw new NotFound('request limit', id)
    }
    actor.require('limits:update', { workspaceId })
    em.remove(limit)
    const details = { owner: { kind: ownerKind, id: ownerId }, before: terms(limit) }
    await recordChange(
      context,
      em,
      actor,
      { type: 'request_limit.removed', subject: { kind: 'request_limit', id }, workspaceId, details },
      { upserts: [], removals: [keyOf(requestLimitSnapshot(limit))] },
    )
    return { id }
  })
}

function terms({ maxRequests, windowSeconds }: RequestLimit) {
  return { maxRequests, windowSeconds }
}
