import { Random } from './random.ts'

/** One process is killed and started again, or halted and resumed, some time later. */
export interface Fault {
  readonly kind: 'kill' | 'halt'
  /** Since the traffic began. */
  readonly atMs: number
  readonly victim: string
  readonly downMs: number
}

export interface ScheduleOptions {
  readonly seed: number
  readonly seconds: number
  readonly dataPlanes: number
}

/** How hard a scenario is on its processes. */
export interface Severity {
  /** Between two faults, on average. */
  readonly everyMs: number
  readonly longestDownMs: number
  /** Of the faults that do not concern PostgreSQL. */
  readonly shareOfHalts: number
}

export const redis = 'redis'
export const controlPlane = 'control plane'
export const postgres = 'PostgreSQL'
export const dataPlane = (index: number) => `data plane ${index}`

/** Shares of the run after which PostgreSQL stops. */
const postgresStops = [1 / 3, 2 / 3]
/** The last ones too are to be seen to come back while calls are made. */
const quietEndMs = 1_500

/** The faults of a seed, in their order; PostgreSQL goes twice. */
export function planFaults(
  { seed, seconds, dataPlanes }: ScheduleOptions,
  { everyMs, longestDownMs, shareOfHalts }: Severity,
): Fault[] {
  const random = new Random(seed)
  const lastMs = seconds * 1_000 - quietEndMs
  const downMs = () => Math.round(random.between(0, longestDownMs))
  const victims: (readonly [string, number])[] = [
    [redis, 3],
    [controlPlane, 3],
    ...Array.from({ length: dataPlanes }, (_, index) => [dataPlane(index), 2] as const),
  ]
  const faults = postgresStops.map((share): Fault => {
    return { kind: 'kill', atMs: Math.round(share * lastMs), victim: postgres, downMs: downMs() }
  })
  for (let atMs = everyMs; atMs < lastMs; atMs += everyMs * random.between(0.7, 1.3)) {
    faults.push({
      kind: random.next() < shareOfHalts ? 'halt' : 'kill',
      atMs: Math.round(atMs),
      victim: random.pick(victims),
      downMs: downMs(),
    })
  }
  return faults.toSorted((a, b) => a.atMs - b.atMs)
}
