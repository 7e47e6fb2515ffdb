import type { Api } from '../test/acceptance/keys.ts'

/** A call as the usage ledger has it. */
export interface ChargedCall {
  readonly requestId: string
  readonly outcome: string
  readonly estimated: boolean
  readonly costNanoUsd: number
}

/** Where a budget stands. */
export interface Standing {
  readonly settled: number
  readonly leased: number
  /** Who has leases of it, how much is left of them, and what calls under way hold of that. */
  readonly leases: readonly string[]
}

interface BudgetNode {
  readonly settled: string
  readonly leased: string
  readonly dataPlanes: readonly {
    readonly dataPlaneId: string
    readonly leased: string
    readonly held: string | null
  }[]
}

interface Page {
  readonly usage: {
    readonly edges: readonly { readonly node: Omit<ChargedCall, 'costNanoUsd'> & { costNanoUsd: string } }[]
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  }
}

const usageQuery = `query ($after: String) {
  usage(first: 100, after: $after) {
    edges { node { requestId outcome estimated costNanoUsd } }
    pageInfo { hasNextPage endCursor }
  }
}`

/** Every call that `usage` shows. */
export async function readUsage({ graphql }: Api): Promise<ChargedCall[]> {
  const calls: ChargedCall[] = []
  for (let after: string | null = null; ; ) {
    const { usage }: Page = await graphql<Page>(usageQuery, { after })
    for (const { node } of usage.edges) calls.push({ ...node, costNanoUsd: Number(node.costNanoUsd) })
    if (!usage.pageInfo.hasNextPage) return calls
    after = usage.pageInfo.endCursor
  }
}

/** What all calls cost by `usageSummary`, which adds up sums that are kept. */
export async function readSummedCost({ graphql }: Api): Promise<number> {
  const { usageSummary } = await graphql<{
    usageSummary: readonly { totals: { costNanoUsd: string } }[]
  }>('{ usageSummary(groupBy: [OUTCOME]) { totals { costNanoUsd } } }')
  return usageSummary.reduce((sum, { totals }) => sum + Number(totals.costNanoUsd), 0)
}

export async function readStandings({ graphql }: Api, ids: readonly string[]): Promise<Standing[]> {
  const { nodes } = await graphql<{ nodes: readonly BudgetNode[] }>(
    `query ($ids: [ID!]!) {
      nodes(ids: $ids) { ... on Budget { settled leased dataPlanes { dataPlaneId leased held } } }
    }`,
    { ids },
  )
  return nodes.map(({ settled, leased, dataPlanes }, index) => ({
    settled: Number(settled),
    leased: Number(leased),
    leases: dataPlanes.map(
      (plane) => `${ids[index]}: ${plane.dataPlaneId} has ${plane.leased}, of which ${plane.held} is held`,
    ),
  }))
}

/** By how much the control plane's own reconciler says that usage, budgets and leases are apart. */
export async function readReconciledDrift(controlPlaneUrl: string): Promise<number> {
  const metrics = await (await fetch(`${controlPlaneUrl}/metrics`)).text()
  const value = /^gatehouse_budget_drift_nano_usd (\d+)$/m.exec(metrics)?.[1]
  if (value === undefined) throw new Error('the control plane has compared nothing')
  return Number(value)
}

/** What one call cost by the provider's log. */
export interface BilledCall {
  readonly id: string
  readonly costNanoUsd: number
}

export interface Drift {
  /** By how much the ledger is beside the provider: below it anywhere, or above it where the end of a call is known. */
  readonly nanoUsd: number
  /** Each call that is charged more than it was billed, as it may be: its end is not known, or its usage was estimated. */
  readonly chargedAbove: readonly string[]
  /** Each call that is beside, and how. */
  readonly calls: readonly string[]
}

/**
 * Holds the ledger against the provider's log, call by call. A call whose end nobody saw, or whose usage was estimated,
 * may be charged more than was billed, and never less.
 */
export function findDrift(billed: readonly BilledCall[], charged: readonly ChargedCall[]): Drift {
  const bills = new Map<string, number>()
  for (const { id, costNanoUsd } of billed) bills.set(id, (bills.get(id) ?? 0) + costNanoUsd)
  const calls: string[] = []
  const chargedAbove: string[] = []
  let nanoUsd = 0
  for (const { requestId, outcome, estimated, costNanoUsd } of charged) {
    const bill = bills.get(requestId) ?? 0
    bills.delete(requestId)
    const mayBeMore = estimated || outcome === 'unknown'
    if (costNanoUsd === bill) continue
    const line = `${requestId}: ${outcome}, charged ${costNanoUsd}, billed ${bill}`
    if (costNanoUsd > bill && mayBeMore) {
      chargedAbove.push(line)
      continue
    }
    nanoUsd += Math.abs(costNanoUsd - bill)
    calls.push(line)
  }
  for (const [id, bill] of bills) {
    if (bill === 0) continue
    nanoUsd += bill
    calls.push(`${id}: not charged, billed ${bill}`)
  }
  return { nanoUsd, chargedAbove, calls }
}
