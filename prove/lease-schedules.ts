import { findBrokenSchedule } from '../test/simulation/lease-schedules.ts'
import type { Progress, Tried } from './proof.ts'

export interface LeaseSchedulesVerdict extends Tried {
  readonly promise: string
  readonly schedules: number
  /** Repeats them. */
  readonly seed: number
}

const progressEvery = 10_000

/** Runs simulated data planes against the control plane's books by so many schedules; a broken one is shrunk and told. */
export async function proveLeaseSchedules(
  { schedules, seed }: { readonly schedules: number; readonly seed: number },
  progress: Progress,
): Promise<LeaseSchedulesVerdict> {
  progress(`lease schedules with seed ${seed}`)
  const broken = await findBrokenSchedule({
    seed,
    schedules,
    onRun: (run) => {
      if (run % progressEvery === 0) progress(`${run} schedules`)
    },
  })
  if (broken !== undefined) progress(broken)
  return {
    promise:
      'whatever is lost, doubled, late, killed or without power: billed within every limit, nothing stuck',
    ...{ schedules, seed },
    kept: broken === undefined,
  }
}
