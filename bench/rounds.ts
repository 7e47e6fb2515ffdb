import type { Case } from './cases.ts'
import {
  type Latency,
  measureLatency,
  measureThroughput,
  median,
  type Sample,
  type Settings,
} from './measure.ts'
import type { Target } from './target.ts'

export interface Contest {
  readonly direct: Target
  readonly gateway: Target
  /** Undefined when it was left out. */
  readonly passthrough: Target | undefined
  readonly portkey: Target | undefined
}

/** The line that is printed for one case. */
export interface CaseResult {
  readonly case: string
  readonly rps: number
  readonly ratioVsPassthrough: number | null
  readonly ratioVsPortkey: number | null
  readonly cpuMicrosPerCall: number
  readonly addedP50Ms: number
  readonly addedP99Ms: number
  readonly rssMb: number
}

/**
 * Measures one case in alternating rounds, each target right after the other, so that a noisy minute of the
 * machine hits all of them. Every figure is the median over the rounds, a ratio the median of the rounds' ratios.
 */
export async function measureCase(
  contest: Contest,
  shape: Case,
  settings: Settings,
  progress: (text: string) => void,
): Promise<CaseResult> {
  const { gateway, passthrough, portkey } = contest
  const contenders = [gateway, passthrough, portkey].filter((target) => target !== undefined)
  const samples = new Map<Target, Sample[]>(contenders.map((target) => [target, []]))
  const added: Latency[] = []
  for (let round = 0; round < settings.rounds; round++) {
    for (const target of rotate(contenders, round)) {
      const sample = await measureThroughput(target, shape, settings)
      samples.get(target)?.push(sample)
      progress(`${shape.name} round ${round + 1}: ${describeSample(target, sample)}`)
    }
    added.push(await addedLatency(contest, shape, settings))
  }
  const own = samples.get(gateway) ?? []
  return {
    case: shape.name,
    rps: Math.round(median(own.map(({ callsPerSecond }) => callsPerSecond))),
    ratioVsPassthrough: ratio(own, passthrough && samples.get(passthrough)),
    ratioVsPortkey: ratio(own, portkey && samples.get(portkey)),
    cpuMicrosPerCall: rounded(median(own.map(({ cpuMicrosPerCall }) => cpuMicrosPerCall)), 1),
    addedP50Ms: rounded(median(added.map(({ p50Ms }) => p50Ms)), 2),
    addedP99Ms: rounded(median(added.map(({ p99Ms }) => p99Ms)), 2),
    rssMb: Math.round(Math.max(...own.map(({ residentMegabytes }) => residentMegabytes))),
  }
}

async function addedLatency({ direct, gateway }: Contest, shape: Case, settings: Settings): Promise<Latency> {
  const without = await measureLatency(direct, shape, settings)
  const through = await measureLatency(gateway, shape, settings)
  return { p50Ms: through.p50Ms - without.p50Ms, p99Ms: through.p99Ms - without.p99Ms }
}

/** Another target goes first in each round. */
function rotate<T>(values: readonly T[], by: number): T[] {
  const start = by % values.length
  return [...values.slice(start), ...values.slice(0, start)]
}

function ratio(own: readonly Sample[], other: readonly Sample[] | undefined): number | null {
  if (!other) return null
  const ratios = own.map(
    ({ callsPerSecond }, round) => callsPerSecond / (other[round]?.callsPerSecond ?? Number.NaN),
  )
  return rounded(median(ratios), 2)
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

function describeSample({ name }: Target, sample: Sample): string {
  const { callsPerSecond, cpuMicrosPerCall, residentMegabytes } = sample
  return `${name} ${Math.round(callsPerSecond)} calls/s, ${cpuMicrosPerCall.toFixed(0)} µs CPU a call, ${residentMegabytes.toFixed(0)} MB`
}
