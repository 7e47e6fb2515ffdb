import type { EntityManager } from '@mikro-orm/postgresql'
import { GraphQLError } from 'graphql'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { lockRow } from '../../db/require-row.ts'
import { Refusal } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { ChangeNotPending } from '../../graphql/second-person.ts'
import { type Clock, type CommittedWork, type ServiceContext, transactionOf } from '../../service-context.ts'
import { auditRefusal } from '../audit/index.ts'
import { carryOut, Stale } from './carry-out.ts'
import { type AccessChange, AccessChangeEntity, type AccessChangeState, statusOf } from './entity.ts'
import { partyOf, requireAnotherPerson } from './persons.ts'
import { describeAccessChange } from './request.ts'

/**
 * Makes a change that somebody else asked for, in one transaction with its approval. What does not hold as it was asked for
 * is stale from then on.
 *
 * @throws NotFound, ChangeNotPending, SecondPersonRequired, SignInRequired, and what the approver may not do themselves
 */
export async function approveAccessChange(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<AccessChange> {
  actor.require('access_changes:approve', organizationWide)
  const afterwards: CommittedWork[] = []
  const whenCommitted = (work: CommittedWork) => void afterwards.push(work)
  const work = transactionOf(context, actor, async (em) => {
    const change = await lockPendingChange(context, em, id)
    requireAnotherPerson(actor, change)
    try {
      change.effects = await carryOut({ context: { ...context, whenCommitted }, em, approver: actor }, change)
    } catch (error) {
      if (!(error instanceof Stale)) throw error
      change.reason = error.message
      return end(context, em, actor, change, 'stale')
    }
    return end(context, em, actor, change, 'approved')
  })
  const attempt = { type: 'access_change.approval_refused', subject: { kind: 'access_change', id } }
  const change = await auditRefusal(context, actor, attempt, isRefusedApproval, work)
  // Thrown behind the transaction, which has to keep that it is stale.
  if (change.state === 'stale') throw new ChangeNotPending(id, `stale (${change.reason})`)
  for (const after of afterwards) await after(context)
  return change
}

/** Ends a change that waits. @throws NotFound, ChangeNotPending */
export function rejectAccessChange(context: ServiceContext, actor: Actor, id: string): Promise<AccessChange> {
  actor.require('access_changes:approve', organizationWide)
  return transactionOf(context, actor, async (em) =>
    end(context, em, actor, await lockPendingChange(context, em, id), 'rejected'),
  )
}

/** Takes one's own change back. @throws NotFound, ChangeNotPending */
export function withdrawAccessChange(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<AccessChange> {
  actor.require('access_changes:view', organizationWide)
  return transactionOf(context, actor, async (em) => {
    const own = await em.findOne(AccessChangeEntity, { id, requesterPersonId: actor.personId })
    if (!own) throw new NotFound('access change of yours', id)
    return end(context, em, actor, await lockPendingChange(context, em, id), 'withdrawn')
  })
}

const organizationWide = { workspaceId: null }

/** Whoever guesses at ids is told nothing, and has approved nothing. */
function isRefusedApproval(error: unknown): error is Error {
  return (error instanceof Refusal || error instanceof GraphQLError) && !(error instanceof NotFound)
}

/** The change of this id, locked, if it can still be decided. @throws NotFound, ChangeNotPending */
async function lockPendingChange(clock: Clock, em: EntityManager, id: string): Promise<AccessChange> {
  const change = await lockRow(em, AccessChangeEntity, 'access change', id)
  const status = statusOf(change, clock.now())
  if (status !== 'pending') throw new ChangeNotPending(id, status)
  return change
}

async function end(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  change: AccessChange,
  state: AccessChangeState,
): Promise<AccessChange> {
  Object.assign(change, { state, sealedRequest: null, decider: partyOf(actor) })
  change.decidedAt = new Date(clock.now())
  await recordChange(clock, em, actor, describeAccessChange(`access_change.${state}`, change))
  return change
}
