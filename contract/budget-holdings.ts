import Type, { type Static } from 'typebox'
import { type KeyLookup, open, type SigningKey, seal } from './signed.ts'
import { parserOf } from './validation.ts'

/*
 * What a data plane alone knows of its leases: how much of them calls under way have set aside, and by how much those calls
 * may overspend. It is shown and decides nothing.
 */

const closed = { additionalProperties: false } as const
const Id = Type.String({ minLength: 1, maxLength: 128 })
const NanoUsd = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

export const BudgetHolding = Type.Object(
  {
    budgetId: Id,
    /** By the end of the window that it was leased from, in milliseconds since the epoch; null: it never ends. */
    held: Type.Array(
      Type.Object({ windowEndsAt: Type.Union([Type.Integer(), Type.Null()]), nanoUsd: NanoUsd }, closed),
    ),
    overspendBoundNanoUsd: NanoUsd,
    /** Calls under way of which nobody can say how much they may cost; the bound does not hold them. */
    unboundedCalls: Type.Integer({ minimum: 0 }),
  },
  closed,
)

/** Signed by the data plane (`gatehouse/budget-holdings`). */
export const BudgetHoldings = Type.Object(
  {
    format: Type.Literal(1),
    organizationId: Id,
    dataPlaneId: Id,
    /** Milliseconds since the epoch. */
    at: Type.Integer({ minimum: 0 }),
    /** Of every other budget it holds nothing. */
    budgets: Type.Array(BudgetHolding),
  },
  closed,
)

export type BudgetHolding = Static<typeof BudgetHolding>
export type BudgetHoldings = Static<typeof BudgetHoldings>

const parseHoldings = parserOf('budget holdings', BudgetHoldings)

export function sealHoldings(holdings: BudgetHoldings, key: SigningKey): string {
  return seal('gatehouse/budget-holdings', JSON.stringify(holdings), key)
}

/**
 * @throws SignatureRefused when no known data plane signed it
 * @throws ContractViolation when what it signed is something else
 */
export function openHoldings(text: string, keys: KeyLookup): { holdings: BudgetHoldings; keyId: string } {
  const { payload, keyId } = open('gatehouse/budget-holdings', text, keys)
  return { holdings: parseHoldings(payload), keyId }
}
