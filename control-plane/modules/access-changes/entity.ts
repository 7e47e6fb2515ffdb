import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { Json } from '../../../contract/canonical.ts'
import { tenantColumns } from '../../db/columns.ts'

export type AccessChangeState = 'pending' | 'approved' | 'rejected' | 'withdrawn' | 'expired' | 'stale'

/** Whoever asked or decided, as they were called then. No interface, which would be no JSON to an audit event. */
export type ChangeParty = { readonly kind: string; readonly id: string; readonly name: string }

/** What the audit log would say of the change. */
export type AccessChangeEffect = {
  readonly type: string
  readonly subject: { readonly kind: string; readonly id: string }
  readonly details: Readonly<Record<string, Json>>
}

/** A change of a role or an identity provider that needs a second person. */
export const AccessChangeEntity = defineEntity({
  name: 'AccessChange',
  tableName: 'access_changes',
  properties: {
    ...tenantColumns,
    /** By which it was asked for. */
    mutation: p.string(),
    /** What of the mutation's input was given. */
    fields: p.json<string[]>(),
    /** Of a rehearsal until it is approved, then those that it had. */
    effects: p.json<AccessChangeEffect[]>(),
    /** Of what was asked for and of all that it named, as it was then. */
    digest: p.string().hidden(),
    /** What was asked for, and how; it may hold secrets, and goes with the decision. */
    sealedRequest: p.string().strictNullable().hidden(),
    /** A pending one that nobody decided in time has expired, whatever is written. */
    state: p.string().$type<AccessChangeState>(),
    /** Why it is stale. */
    reason: p.string().strictNullable(),
    requester: p.json<ChangeParty>(),
    /** See `Actor.personId`. */
    requesterPersonId: p.string().hidden(),
    decider: p.json<ChangeParty>().strictNullable(),
    requestedAt: p.datetime(),
    expiresAt: p.datetime(),
    decidedAt: p.datetime().strictNullable(),
  },
})

export type AccessChange = InferEntity<typeof AccessChangeEntity>

export function statusOf({ state, expiresAt }: AccessChange, now: number): AccessChangeState {
  return state === 'pending' && expiresAt.getTime() <= now ? 'expired' : state
}

/** The rows of a status. */
export function conditionOf(status: AccessChangeState, now: number) {
  const at = new Date(now)
  if (status === 'pending') return { state: status, expiresAt: { $gt: at } }
  if (status !== 'expired') return { state: status }
  return { $or: [{ state: status }, { state: 'pending' as const, expiresAt: { $lte: at } }] }
}
