import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { checkVersion, type ExpectedVersion, lockRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { lockPolicyOwner, type PlacedPolicyOwner, type PolicyOwner } from '../../policy-owners.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { ProfileManaged } from '../virtual-keys/index.ts'
import { type RequestLimit, RequestLimitEntity } from './entity.ts'
import { SeveralRequestLimits, WindowTaken } from './errors.ts'
import { requestLimitSnapshot } from './snapshot.ts'
import { checkLimitTerms, type LimitTerms, type LimitTermsInput } from './terms.ts'

/** Each takes a permit of its own for every call. */
const mostLimitsOfOwner = 8

export interface NewRequestLimit extends LimitTermsInput {
  readonly owner: PolicyOwner
}

/** 0 expects that the owner has none yet. */
export type SetRequestLimit = NewRequestLimit & ExpectedVersion

export interface RequestLimitUpdate extends ExpectedVersion {
  readonly id: string
  /** Null: not limited any more; the same for `maxTokens`. */
  readonly maxRequests?: number | null | undefined
  readonly maxTokens?: number | null | undefined
  readonly windowSeconds?: number | null | undefined
}

/**
 * Gives an owner one more request limit: a call takes a permit of each of them.
 *
 * @throws NotFound when the owner does not exist, WindowTaken when it has a limit for a window of this length.
 */
export function addRequestLimit(
  context: ServiceContext,
  actor: Actor,
  input: NewRequestLimit,
): Promise<RequestLimit> {
  const { owner } = input
  const fields = checkLimitTerms(input)
  const work = transactionOf(context, actor, async (em) => {
    const { workspaceId } = await lockPolicyOwner(em, actor, owner)
    actor.require('limits:update', { workspaceId })
    if ((await em.count(RequestLimitEntity, ownedBy(owner))) >= mostLimitsOfOwner) {
      throw new BadUserInput('owner', `has ${mostLimitsOfOwner} request limits already: remove one first`)
    }
    const row = newLimit(context, actor, { ...owner, workspaceId }, fields)
    return record(context, em, actor, em.create(RequestLimitEntity, row), 'request_limit.added', null)
  })
  return refuseViolations(windowTaken(fields.windowSeconds), work)
}

/** @throws NotFound, WindowTaken, ProfileManaged, StaleUpdate */
export function updateRequestLimit(
  context: ServiceContext,
  actor: Actor,
  input: RequestLimitUpdate,
): Promise<RequestLimit> {
  const work = transactionOf(context, actor, async (em) => {
    const limit = await lockLimit(em, actor, input.id, input)
    const before = terms(limit)
    const { maxRequests, maxTokens, windowSeconds } = input
    Object.assign(
      limit,
      checkLimitTerms({
        maxRequests: maxRequests === undefined ? limit.maxRequests : maxRequests,
        maxTokens: maxTokens === undefined ? limit.maxTokens : maxTokens,
        windowSeconds: windowSeconds ?? limit.windowSeconds,
      }),
    )
    return record(context, em, actor, limit, 'request_limit.updated', before)
  })
  return refuseViolations(windowTaken(input.windowSeconds ?? 0), work)
}

/**
 * Gives an owner its only request limit, or changes the one that it has.
 *
 * @throws NotFound when the owner does not exist, SeveralRequestLimits when it has more than one,
 * ProfileManaged, StaleUpdate
 */
export function setRequestLimit(
  context: ServiceContext,
  actor: Actor,
  input: SetRequestLimit,
): Promise<RequestLimit> {
  const { owner } = input
  const fields = checkLimitTerms(input)
  return transactionOf(context, actor, async (em) => {
    const { workspaceId } = await lockPolicyOwner(em, actor, owner)
    actor.require('limits:update', { workspaceId })
    const [present, another] = await em.find(RequestLimitEntity, ownedBy(owner), {
      lockMode: LockMode.PESSIMISTIC_WRITE,
      limit: 2,
    })
    if (another) throw new SeveralRequestLimits(owner.id)
    if (present) refuseManaged(present)
    checkVersion(present ?? { version: 0 }, 'request limit of', owner.id, input.expectedVersion)
    const before = present ? terms(present) : null
    const limit = present
      ? em.assign(present, fields)
      : em.create(RequestLimitEntity, newLimit(context, actor, { ...owner, workspaceId }, fields))
    return record(context, em, actor, limit, 'request_limit.set', before)
  })
}

/** @throws NotFound, ProfileManaged */
export function removeRequestLimit(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ id: string }> {
  return transactionOf(context, actor, async (em) => {
    const limit = await lockLimit(em, actor, id)
    em.remove(limit)
    await recordChange(context, em, actor, entry('request_limit.removed', limit, terms(limit), undefined), {
      upserts: [],
      removals: [keyOf(requestLimitSnapshot(limit))],
    })
    return { id }
  })
}

async function lockLimit(
  em: EntityManager,
  actor: Actor,
  id: string,
  expected: ExpectedVersion = {},
): Promise<RequestLimit> {
  const limit = await lockRow(em, RequestLimitEntity, 'request limit', id, expected)
  const { workspaceId } = limit
  if (workspaceId !== null && !actor.reaches(workspaceId)) throw new NotFound('request limit', id)
  actor.require('limits:update', { workspaceId })
  refuseManaged(limit)
  return limit
}

function refuseManaged({ fromProfile }: RequestLimit): void {
  if (fromProfile) throw new ProfileManaged('This request limit')
}

const ownedBy = ({ kind, id }: PolicyOwner) => ({ ownerKind: kind, ownerId: id })

function newLimit(
  context: ServiceContext,
  { organizationId }: Actor,
  owner: PlacedPolicyOwner,
  fields: LimitTerms,
) {
  return {
    id: newId('lim'),
    organizationId,
    workspaceId: owner.workspaceId,
    ...ownedBy(owner),
    ...fields,
    fromProfile: false,
    createdAt: new Date(context.now()),
  }
}

async function record(
  context: ServiceContext,
  em: EntityManager,
  actor: Actor,
  limit: RequestLimit,
  type: string,
  before: LimitTerms | null,
): Promise<RequestLimit> {
  await recordChange(context, em, actor, entry(type, limit, before, terms(limit)), {
    upserts: [requestLimitSnapshot(limit)],
  })
  return limit
}

function entry(type: string, limit: RequestLimit, before: LimitTerms | null, after: LimitTerms | undefined) {
  return {
    type,
    subject: { kind: 'request_limit', id: limit.id },
    workspaceId: limit.workspaceId,
    details: {
      owner: { kind: limit.ownerKind, id: limit.ownerId },
      before: before && { ...before },
      ...(after && { after: { ...after } }),
    },
  }
}

const windowTaken = (windowSeconds: number) => ({
  unique: { request_limits_owner_window_key: () => new WindowTaken(String(windowSeconds)) },
})

function terms({ maxRequests, maxTokens, windowSeconds }: RequestLimit): LimitTerms {
  return { maxRequests, maxTokens, windowSeconds }
}
