import type { Case } from '../cases.ts'
import {
  type Latency,
  measureLatency,
  measureThroughput,
  median,
  type Sample,
  type Settings,
} from '../measure.ts'
import type { ManyKeys } from './many-keys.ts'

export interface Contest {
  readonly governed: ManyKeys
  /** The same gateway where no level has a budget or a limit. */
  readonly free: ManyKeys
}

/** The line that is printed for one number of keys. */
export interface BudgetsResult {
  readonly keys: number
  /** Of the governed gateway. */
  readonly rps: number
  /** Its throughput by that of the free one. */
  readonly ratio: number
  readonly addedCpuMicros: number
  readonly addedP50Ms: number
  readonly addedP99Ms: number
  readonly leaseTransactionsPerThousandCalls: number
}

interface Round {
  readonly rps: number
  readonly ratio: number
  readonly addedCpuMicros: number
  readonly added: Latency
  readonly leaseTransactionsPerThousandCalls: number
}

/** The call that is measured. */
export const shape: Case = { name: 'whole-1kb', stream: false, bytes: 1_000 }

/** Measures calls that take turns with so many keys, governed and free right after each other. Figures are medians of rounds. */
export async function measureBudgets(
  contest: Contest,
  keys: number,
  settings: Settings,
  progress: (text: string) => void,
): Promise<BudgetsResult> {
  const rounds: Round[] = []
  for (let number = 0; number < settings.rounds; number++) {
    const round = await measureRound(contest, keys, settings, number % 2 === 0)
    progress(`${keys} keys, round ${number + 1}: ${JSON.stringify(round)}`)
    rounds.push(round)
  }
  const middle = (figure: (round: Round) => number, digits: number) =>
    Number(median(rounds.map(figure)).toFixed(digits))
  return {
    keys,
    rps: middle(({ rps }) => rps, 0),
    ratio: middle(({ ratio }) => ratio, 3),
    addedCpuMicros: middle(({ addedCpuMicros }) => addedCpuMicros, 1),
    addedP50Ms: middle(({ added }) => added.p50Ms, 2),
    addedP99Ms: middle(({ added }) => added.p99Ms, 2),
    leaseTransactionsPerThousandCalls: middle((round) => round.leaseTransactionsPerThousandCalls, 2),
  }
}

interface Slice extends Sample {
  readonly leaseTransactions: number
}

/** Throughput of each side twice, in an order in which what gets faster or slower by itself does so for both. */
async function measureRound(
  { governed, free }: Contest,
  keys: number,
  settings: Settings,
  isGovernedFirst: boolean,
): Promise<Round> {
  const own: Slice[] = []
  const other: Slice[] = []
  const order = isGovernedFirst ? [governed, free, free, governed] : [free, governed, governed, free]
  for (const gateway of order) {
    const slices = gateway === governed ? own : other
    slices.push(await measureSlice(gateway, keys, settings))
  }
  const latency = await measureLatency(governed.target(keys), shape, settings)
  const without = await measureLatency(free.target(keys), shape, settings)
  const rps = mean(own, 'callsPerSecond')
  return {
    rps,
    ratio: rps / mean(other, 'callsPerSecond'),
    addedCpuMicros: mean(own, 'cpuMicrosPerCall') - mean(other, 'cpuMicrosPerCall'),
    added: { p50Ms: latency.p50Ms - without.p50Ms, p99Ms: latency.p99Ms - without.p99Ms },
    leaseTransactionsPerThousandCalls: (mean(own, 'leaseTransactions') / (rps * settings.seconds)) * 1_000,
  }
}

async function measureSlice(gateway: ManyKeys, keys: number, settings: Settings): Promise<Slice> {
  const before = await gateway.leaseTransactions()
  const sample = await measureThroughput(gateway.target(keys), shape, settings)
  return { ...sample, leaseTransactions: (await gateway.leaseTransactions()) - before }
}

function mean(
  slices: readonly Slice[],
  figure: 'callsPerSecond' | 'cpuMicrosPerCall' | 'leaseTransactions',
): number {
  return slices.reduce((sum, slice) => sum + slice[figure], 0) / slices.length
}
