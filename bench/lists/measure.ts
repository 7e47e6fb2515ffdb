import type { ListCase } from './cases.ts'
import type { Answer, ListsApi } from './control-plane.ts'

export interface ListResult {
  readonly case: string
  readonly p50Ms: number
  readonly p95Ms: number
  /** SQL statements of a page of 10 and of a page of 100. */
  readonly statements: readonly [few: number, many: number]
  /** What the last page said of its list. */
  readonly totalCount: number | undefined
}

interface Connection {
  readonly totalCount?: number
  readonly pageInfo?: { readonly endCursor: string | null }
}

const warmUpRounds = 5
const [fewRows, manyRows] = [10, 100]

/** Pages of the default size, one after the other, and what they cost in SQL at two sizes. */
export async function measureList(api: ListsApi, shape: ListCase, rounds: number): Promise<ListResult> {
  const after = await findStart(api, shape)
  const ask = (round: number, first?: number) =>
    api.ask(shape.principal, shape.document, { ...shape.variables(round), after, first })
  for (let round = 0; round < warmUpRounds; round++) await ask(round)
  const answers: Answer[] = []
  for (let round = 0; round < rounds; round++) answers.push(await ask(warmUpRounds + round))
  const times = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
  return {
    case: shape.name,
    p50Ms: rounded(percentile(times, 0.5)),
    p95Ms: rounded(percentile(times, 0.95)),
    statements: [await countStatements(() => ask(0, fewRows)), await countStatements(() => ask(0, manyRows))],
    totalCount: connectionOf(answers.at(-1)).totalCount,
  }
}

/** The smallest of sorted values that a share of them does not exceed. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

async function findStart(api: ListsApi, { principal, document, behind }: ListCase) {
  if (!behind) return undefined
  return connectionOf(await api.ask(principal, document, { ...behind, first: 1 })).pageInfo?.endCursor
}

/** Of several times the least: background loops send statements of their own. */
async function countStatements(ask: () => Promise<Answer>): Promise<number> {
  const counts: number[] = []
  for (let round = 0; round < warmUpRounds; round++) counts.push((await ask()).statements)
  return Math.min(...counts)
}

function connectionOf(answer: Answer | undefined): Connection {
  const [connection] = Object.values(answer?.data ?? {})
  return (connection ?? {}) as Connection
}

const rounded = (milliseconds: number) => Number(milliseconds.toFixed(1))
