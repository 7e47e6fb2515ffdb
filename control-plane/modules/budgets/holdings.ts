import type { KeyObject } from 'node:crypto'
import type { EntityManager } from '@mikro-orm/postgresql'
import { type BudgetHoldings, openHoldings } from '../../../contract/budget-holdings.ts'
import { SignatureRefused } from '../../../contract/signed.ts'
import { ContractViolation } from '../../../contract/validation.ts'
import { TransportUnavailable } from '../../../transport/transport.ts'
import type { Actor } from '../../actor.ts'
import { windowName } from '../../leases/windows.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { readSigningKeys } from '../data-planes/index.ts'
import type { BudgetStanding } from './standing.ts'

/** What a data plane has of a budget's present window, and what it said last of it. Amounts are nano-USD. */
export interface DataPlaneHolding {
  readonly dataPlaneId: string
  /** What is left of its open leases. */
  readonly leased: bigint
  /** Null: it does not say. */
  readonly said: {
    readonly at: Date
    readonly held: bigint
    readonly overspendBound: bigint
    readonly unboundedCalls: number
  } | null
}

/** The store forgets sooner what was said; one that shows it for longer is not believed, but clocks may be apart. */
const believedMs = 60_000

const noKeys: ReadonlyMap<string, KeyObject> = new Map()

interface LeasedRow {
  readonly budgetId: string
  readonly startsAtMs: string
  readonly dataPlaneId: string
  readonly leased: string
}

/** What the data planes that have leases of these budgets hold, for each in order. */
export async function readHoldings(
  context: ServiceContext,
  actor: Actor,
  standings: readonly BudgetStanding[],
): Promise<readonly (readonly DataPlaneHolding[])[]> {
  const { organizationId } = actor
  const { leased, keys } = await transactionOf(context, actor, async (em) => {
    const leased = await readOpenLeases(em, organizationId, standings)
    const isIdle = leased.length === 0
    return { leased, keys: isIdle ? noKeys : await readSigningKeys(em, organizationId) }
  })
  const dataPlaneIds = [...new Set(leased.map(({ dataPlaneId }) => dataPlaneId))]
  const said = await readSaid(context, organizationId, dataPlaneIds, keys)
  const byWindow = Map.groupBy(leased, ({ budgetId, startsAtMs }) =>
    windowName({ budgetId, startsAt: new Date(Number(startsAtMs)) }),
  )
  return standings.map(({ budget, windowStart, resetsAt }) =>
    (byWindow.get(windowName({ budgetId: budget.id, startsAt: windowStart })) ?? []).map(
      ({ dataPlaneId, leased }) => {
        const all = said.get(dataPlaneId)
        return {
          dataPlaneId,
          leased: BigInt(leased),
          said: all ? ofWindow(all, budget.id, resetsAt) : null,
        }
      },
    ),
  )
}

function readOpenLeases(
  em: EntityManager,
  organizationId: string,
  standings: readonly BudgetStanding[],
): Promise<LeasedRow[]> {
  const windows = standings.map(({ budget, windowStart }) => ({
    budget_id: budget.id,
    starts_at: windowStart,
  }))
  return em.execute<LeasedRow[]>(
    `select lease.budget_id as "budgetId", extract(epoch from lease.window_starts_at) * 1000 as "startsAtMs",
       lease.data_plane_id as "dataPlaneId", sum(lease.remaining)::text as leased
     from (select distinct * from jsonb_to_recordset(?::jsonb) as told (budget_id text, starts_at timestamptz)) present
     join budget_leases lease on lease.org_id = ? and lease.budget_id = present.budget_id
       and lease.window_starts_at = present.starts_at and lease.closed_at is null
     group by 1, 2, 3 order by 3`,
    [JSON.stringify(windows), organizationId],
  )
}

/** What is signed by its data plane, and new enough; nothing of those whose word does not reach us. */
async function readSaid(
  { holdings, now }: ServiceContext,
  organizationId: string,
  dataPlaneIds: readonly string[],
  keys: ReadonlyMap<string, KeyObject>,
): Promise<Map<string, BudgetHoldings>> {
  const documents = await holdings.read(organizationId, dataPlaneIds).catch((error: unknown) => {
    if (error instanceof TransportUnavailable) return []
    throw error
  })
  const said = new Map<string, BudgetHoldings>()
  for (const [index, dataPlaneId] of dataPlaneIds.entries()) {
    const document = documents[index]
    const opened = document == null ? undefined : openGenuine(document, keys)
    if (opened?.dataPlaneId !== dataPlaneId || opened.organizationId !== organizationId) continue
    if (Math.abs(now() - opened.at) <= believedMs) said.set(dataPlaneId, opened)
  }
  return said
}

function openGenuine(document: string, keys: ReadonlyMap<string, KeyObject>): BudgetHoldings | undefined {
  try {
    const { holdings, keyId } = openHoldings(document, (id) => keys.get(id))
    return holdings.dataPlaneId === keyId ? holdings : undefined
  } catch (error) {
    if (error instanceof SignatureRefused || error instanceof ContractViolation) return undefined
    throw error
  }
}

/** A call that began in an earlier window is paid by that one, and holds nothing of this. */
function ofWindow({ at, budgets }: BudgetHoldings, budgetId: string, endsAt: Date | null) {
  const holding = budgets.find((one) => one.budgetId === budgetId)
  const held = holding?.held.find(({ windowEndsAt }) => windowEndsAt === (endsAt?.getTime() ?? null))
  return {
    at: new Date(at),
    held: BigInt(held?.nanoUsd ?? 0),
    overspendBound: BigInt(holding?.overspendBoundNanoUsd ?? 0),
    unboundedCalls: holding?.unboundedCalls ?? 0,
  }
}

/** Over all data planes that have leases; null when there are none, or one of them does not say. */
export function sumHoldings(holdings: readonly DataPlaneHolding[]): DataPlaneHolding['said'] {
  const said = holdings.flatMap((holding) => holding.said ?? [])
  if (said.length === 0 || said.length < holdings.length) return null
  return {
    at: new Date(Math.min(...said.map(({ at }) => at.getTime()))),
    held: said.reduce((sum, { held }) => sum + held, 0n),
    overspendBound: said.reduce((sum, { overspendBound }) => sum + overspendBound, 0n),
    unboundedCalls: said.reduce((sum, { unboundedCalls }) => sum + unboundedCalls, 0),
  }
}
