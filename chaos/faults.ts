import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from './schedule.ts'

/** A process that is killed and comes back with the data that it had. */
export interface Victim {
  kill(): Promise<void>
  /** @throws when it does not come up now, for want of another one that is down */
  start(): Promise<void>
  /** It stays alive and does nothing until it is resumed; absent where that cannot be done. */
  halt?(): void
  resume?(): void
}

const startLimitMs = 60_000
const startRetryMs = 250

/**
 * Kills, halts and restarts processes by a schedule, as whoever supervises them would. Nobody is hit who is down already.
 * Resolves once all are up again.
 *
 * @returns the faults that happened
 * @throws when a process does not come back
 */
export async function inflict(
  faults: readonly Fault[],
  victims: ReadonlyMap<string, Victim>,
  progress: (line: string) => void,
): Promise<readonly Fault[]> {
  const startedAt = performance.now()
  const down = new Map<string, Promise<void>>()
  const happened: Fault[] = []
  for (const fault of faults) {
    await delay(Math.max(0, fault.atMs - (performance.now() - startedAt)))
    const victim = victims.get(fault.victim)
    if (!victim) throw new RangeError(`nobody is called "${fault.victim}"`)
    if (down.has(fault.victim)) continue
    happened.push(fault)
    const what = fault.kind === 'halt' ? 'halted' : 'killed'
    progress(`${(fault.atMs / 1_000).toFixed(1)} s: ${fault.victim} is ${what} for ${fault.downMs} ms`)
    const hit =
      fault.kind === 'halt' ? haltAndResume(victim, fault.downMs) : killAndRestart(victim, fault.downMs)
    const back = hit.then(() => void down.delete(fault.victim))
    down.set(fault.victim, back)
    // A failure is told at the end; until then it must not end the process.
    back.catch(() => undefined)
  }
  await Promise.all(down.values())
  return happened
}

async function haltAndResume(victim: Victim, downMs: number): Promise<void> {
  victim.halt?.()
  await delay(downMs)
  victim.resume?.()
}

async function killAndRestart(victim: Victim, downMs: number): Promise<void> {
  await victim.kill()
  await delay(downMs)
  const deadline = performance.now() + startLimitMs
  for (;;) {
    try {
      await victim.start()
      return
    } catch (error) {
      if (performance.now() >= deadline) throw error
      await delay(startRetryMs)
    }
  }
}
