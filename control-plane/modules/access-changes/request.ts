import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { TooManyPendingChanges } from '../../graphql/second-person.ts'
import { afterRequest, type ServiceContext, transactionOf } from '../../service-context.ts'
import { digestOf } from './basis.ts'
import { type AccessChange, AccessChangeEntity, conditionOf } from './entity.ts'
import { partyOf, requirePerson } from './persons.ts'
import { rehearse } from './rehearsal.ts'
import { sealRequest } from './sealed-request.ts'

/** Longer than a weekend, and then it is looked at anew. */
const longestWaitMs = 72 * 3_600_000
const mostPending = 20

/** A mutation as it was asked for, and what does it. */
export interface WantedChange {
  readonly mutation: string
  readonly input: object
  readonly perform: (context: ServiceContext) => Promise<unknown>
}

/**
 * Puts a change before a second person, once it has been tried out. Whoever asks for the same again gets the change that
 * waits.
 *
 * @throws SignInRequired, TooManyPendingChanges, and whatever the mutation throws
 */
export function requestAccessChange(
  services: ServiceContext,
  actor: Actor,
  { mutation, input, perform }: WantedChange,
): Promise<AccessChange> {
  requirePerson(actor)
  const context = afterRequest(services)
  const { organizationId, personId, facts } = actor
  const requestedAt = new Date(context.now())
  return transactionOf(context, actor, async (em) => {
    const digest = await digestOf(context, em, organizationId, { mutation, input })
    const effects = await rehearse(context, em, organizationId, perform)
    const pending = await em.find(AccessChangeEntity, conditionOf('pending', +requestedAt))
    const same = pending.find((one) => one.requesterPersonId === personId && one.digest === digest)
    if (same) return same
    if (pending.length >= mostPending) throw new TooManyPendingChanges(String(mostPending))
    const id = newId('acc')
    const change = em.create(AccessChangeEntity, {
      ...{ id, organizationId, mutation, fields: fieldsGiven(input), effects, digest },
      sealedRequest: sealRequest(context.secrets, { organizationId, id }, { input, facts }),
      ...{ state: 'pending', reason: null, requester: partyOf(actor), requesterPersonId: personId },
      ...{ decider: null, decidedAt: null, requestedAt },
      expiresAt: new Date(+requestedAt + longestWaitMs),
    })
    await recordChange(context, em, actor, describeAccessChange('access_change.requested', change))
    return change
  })
}

/** Of how the mutation is asked for, and not what. */
const manner: ReadonlySet<string> = new Set(['idempotencyKey', 'expectedVersion'])

function fieldsGiven(input: object): string[] {
  const given = Object.entries(input).filter(([name, value]) => value !== undefined && !manner.has(name))
  return given.map(([name]) => name).sort()
}

export function describeAccessChange(type: string, change: AccessChange) {
  const { id, mutation, fields, effects, requester, decider, reason } = change
  const details = { mutation, fields, effects, requester, decider, reason }
  return { type, subject: { kind: 'access_change', id }, details }
}
