import { Random } from './random.ts'

/** One process is killed, and started again some time later. */
export interface Fault {
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

export const redis = 'redis'
export const controlPlane = 'control plane'
export const postgres = 'PostgreSQL'
export const dataPlane = (index: number) => `data plane ${index}`

/** Shares of the run after which PostgreSQL stops. */
const postgresStops = [1 / 3, 2 / 3]
/** The last ones too are to be seen to come back while calls are made. */
const quietEndMs = 1_500

/** The faults of a seed, in their order: one about every second, and PostgreSQL twice. */
export function planFaults({ seed, seconds, dataPlanes }: ScheduleOptions): Fault[] {
  const random = new Random(seed)
  const lastMs = seconds * 1_000 - quietEndMs
  const victims: (readonly [string, number])[] = [
    [redis, 3],
    [controlPlane, 3],
    ...Array.from({ length: dataPlanes }, (_, index) => [dataPlane(index), 2] as const),
  ]
  const faults: Fault[] = postgresStops.map((share) => ({
    atMs: Math.round(share * lastMs),
    victim: postgres,
    downMs: Math.round(random.between(500, 2_000)),
  }))
  for (let atMs = random.between(500, 1_000); atMs < lastMs; atMs += random.between(700, 1_300)) {
    faults.push({
      atMs: Math.round(atMs),
      victim: random.pick(victims),
      downMs: Math.round(random.between(0, 1_500)),
    })
  }
  return faults.toSorted((a, b) => a.atMs - b.atMs)
}
