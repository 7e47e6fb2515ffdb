import type { Case } from '../cases.ts'
import { type Latency, measureLatency, measureThroughput, median, type Settings } from '../measure.ts'
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
    leaseTransactionsPerThousandCalls: middle((round) => round.leaseTransactionsPerThousandCalls, 2),
  }
}

async function measureRound(
  { governed, free }: Contest,
  keys: number,
  settings: Settings,
  isGovernedFirst: boolean,
): Promise<Round> {
  const before = isGovernedFirst ? undefined : await measureSide(free, keys, settings)
  const own = await measureSide(governed, keys, settings)
  const other = before ?? (await measureSide(free, keys, settings))
  return {
    rps: own.sample.callsPerSecond,
    ratio: own.sample.callsPerSecond / other.sample.callsPerSecond,
    addedCpuMicros: own.sample.cpuMicrosPerCall - other.sample.cpuMicrosPerCall,
    added: {
      p50Ms: own.latency.p50Ms - other.latency.p50Ms,
      p99Ms: own.latency.p99Ms - other.latency.p99Ms,
    },
    leaseTransactionsPerThousandCalls: own.leaseTransactionsPerThousandCalls,
  }
}

async function measureSide(gateway: ManyKeys, keys: number, settings: Settings) {
  const target = gateway.target(keys)
  const before = await gateway.leaseTransactions()
  const sample = await measureThroughput(target, shape, settings)
  const granted = (await gateway.leaseTransactions()) - before
  const calls = sample.callsPerSecond * settings.seconds
  return {
    sample,
    leaseTransactionsPerThousandCalls: (granted / calls) * 1_000,
    latency: await measureLatency(target, shape, settings),
  }
}
