import { setTimeout as delay } from 'node:timers/promises'

const limitMs = 120_000
const pollMs = 2

/** @throws Error when the condition does not hold within two minutes. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs / 1_000} s: ${condition}`)
    await delay(pollMs)
  }
}

/** How long something takes, in milliseconds. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
