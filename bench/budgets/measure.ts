import { cases } from '../cases.ts'
import { type Latency, measureLatency, measureThroughput, median, type Settings } from '../measure.ts'
import type { ManyKeys } from './gateway.ts'

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
  readonly leaseTransactions: number
}

const shape = cases[0]

/** Measures calls that take turns with so many keys, governed and free right after each other. Figures are medians. */
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
    leaseTransactionsPerThousandCalls: middle(({ leaseTransactions }) => leaseTransactions, 2),
  }
}

async function measureRound(
  { governed, free }: Contest,
  keys: number,
  settings: Settings,
  isGovernedFirst: boolean,
): Promise<Round> {
  if (!shape) throw new TypeError('there is no case')
  const measured = { governed: governed.target(keys), free: free.target(keys) }
  const order = isGovernedFirst ? (['governed', 'free'] as const) : (['free', 'governed'] as const)
  const samples = new Map<string, Awaited<ReturnType<typeof measureThroughput>>>()
  const latencies = new Map<string, Latency>()
  let leaseTransactions = 0
  for (const name of order) {
    const before = await governed.leaseTransactions()
    const sample = await measureThroughput(measured[name], shape, settings)
    samples.set(name, sample)
    if (name === 'governed') {
      const granted = (await governed.leaseTransactions()) - before
      leaseTransactions = (granted / (sample.callsPerSecond * settings.seconds)) * 1_000
    }
    latencies.set(name, await measureLatency(measured[name], shape, settings))
  }
  const own = samples.get('governed')
  const other = samples.get('free')
  const [ownLatency, otherLatency] = [latencies.get('governed'), latencies.get('free')]
  if (!own || !other || !ownLatency || !otherLatency) throw new TypeError('a side was not measured')
  return {
    rps: own.callsPerSecond,
    ratio: own.callsPerSecond / other.callsPerSecond,
    addedCpuMicros: own.cpuMicrosPerCall - other.cpuMicrosPerCall,
    added: { p50Ms: ownLatency.p50Ms - otherLatency.p50Ms, p99Ms: ownLatency.p99Ms - otherLatency.p99Ms },
    leaseTransactions,
  }
}
