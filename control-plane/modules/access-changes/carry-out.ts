import type { EntityManager } from '@mikro-orm/postgresql'
import { GraphQLError } from 'graphql'
import type { Actor } from '../../actor.ts'
import { Refusal } from '../../graphql/errors.ts'
import { joinTransaction, type ServiceContext } from '../../service-context.ts'
import type { AuditEntry } from '../audit/index.ts'
import { performerOf } from './approvable.ts'
import { digestOf } from './basis.ts'
import type { AccessChange, AccessChangeEffect } from './entity.ts'
import { letPass } from './guard.ts'
import { partyOf } from './persons.ts'
import { effectOf, rehearse } from './rehearsal.ts'
import { readRequester } from './requester.ts'
import { openRequest } from './sealed-request.ts'

/** What was asked for cannot be done any more as it was asked for. */
export class Stale extends Error {}

export interface Approval {
  readonly context: ServiceContext
  readonly em: EntityManager
  readonly approver: Actor
}

/**
 * Does what was asked for in the name of whoever asked for it, with the rights that they have now, if its approver could do
 * so too: neither gives what they do not have.
 *
 * @throws Stale, and what the mutation throws of the approver
 */
export async function carryOut(
  { context, em, approver }: Approval,
  change: AccessChange,
): Promise<AccessChangeEffect[]> {
  const { organizationId, mutation } = change
  const { input, facts } = openRequest(context.secrets, change)
  const requester = await readRequester(em, change, facts, context.now())
  if (!requester) throw new Stale('whoever asked for it may do nothing any more')
  const perform = performerOf(mutation)
  const digest = await digestOf(context, em, organizationId, { mutation, input })
  if (!perform || digest !== change.digest) throw new Stale('what it is about was changed since')
  const objection = await refusalOf(
    rehearse(context, em, organizationId, (joined) => perform(joined, approver, input)),
  )
  const entries: AuditEntry[] = []
  const approval = { changeId: change.id, approvedBy: partyOf(approver) }
  const refusal = await refusalOf(
    joinTransaction(context, em).database.transaction(organizationId, (inner) =>
      letPass({ entries, approval }, () => perform(joinTransaction(context, inner), requester, input)),
    ),
  )
  if (refusal) throw new Stale(refusal.message)
  if (objection) throw objection
  return entries.map(effectOf)
}

/** How it is refused; undefined when it is not. @throws what was not made for callers */
async function refusalOf(work: Promise<unknown>): Promise<Error | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof Refusal || error instanceof GraphQLError) return error
    throw error
  }
}
