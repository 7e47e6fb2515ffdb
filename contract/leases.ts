import Type, { type Static } from 'typebox'
import { parserOf } from './validation.ts'

/*
 * A lease is a part of a budget's window that one data plane may spend without asking. The control plane's
 * database grants it; until the lease is closed its whole amount counts as gone.
 */

const closed = { additionalProperties: false } as const
const Id = Type.String({ minLength: 1, maxLength: 128 })
const NanoUsd = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const DecimalNanoUsd = Type.String({ pattern: '^[0-9]{1,19}$' })

/** One background request for several budgets, signed by the data plane (`gatehouse/lease-request`). */
export const LeaseRequest = Type.Object(
  {
    format: Type.Literal(1),
    /** Makes a retry idempotent: the same id gets the same grants. */
    id: Id,
    organizationId: Id,
    dataPlaneId: Id,
    asks: Type.Array(
      Type.Object(
        {
          budgetId: Id,
          /** What would be welcome. */
          wantedNanoUsd: NanoUsd,
          /** What the waiting call needs; less is of no use. */
          neededNanoUsd: NanoUsd,
        },
        closed,
      ),
      { minItems: 1, maxItems: 256 },
    ),
  },
  closed,
)

export const LeaseGrant = Type.Object(
  {
    budgetId: Id,
    /** Null: nothing was granted, `unleasedNanoUsd` says why. */
    leaseId: Type.Union([Id, Type.Null()]),
    grantedNanoUsd: NanoUsd,
    /** Milliseconds since the epoch: no call may be admitted on this lease from then on. Null: the budget never resets. */
    windowEndsAt: Type.Union([Type.Integer(), Type.Null()]),
    /** The state of the window after this grant, for the refusal's body. */
    limitNanoUsd: DecimalNanoUsd,
    settledNanoUsd: DecimalNanoUsd,
    /** Neither settled nor leased to anyone. */
    unleasedNanoUsd: DecimalNanoUsd,
  },
  closed,
)

/** Signed by the control plane (`gatehouse/lease-reply`). */
export const LeaseReply = Type.Object(
  { format: Type.Literal(1), requestId: Id, dataPlaneId: Id, grants: Type.Array(LeaseGrant) },
  closed,
)

export type LeaseRequest = Static<typeof LeaseRequest>
export type LeaseGrant = Static<typeof LeaseGrant>
export type LeaseReply = Static<typeof LeaseReply>

export const parseLeaseRequest = parserOf('lease request', LeaseRequest)
export const parseLeaseReply = parserOf('lease reply', LeaseReply)
