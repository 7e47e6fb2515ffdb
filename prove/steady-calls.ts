import { setTimeout as delay } from 'node:timers/promises'

/**
 * Makes calls at a steady rate, whatever becomes of those before them.
 *
 * @param make told when the call was due, in milliseconds since the first
 */
export async function callSteadily<Call>(
  { callsPerSecond, seconds }: { readonly callsPerSecond: number; readonly seconds: number },
  make: (number: number, atMs: number) => Promise<Call>,
): Promise<Call[]> {
  const startedAt = performance.now()
  const calls: Promise<Call>[] = []
  for (let number = 0; number < seconds * callsPerSecond; number += 1) {
    const atMs = (number * 1_000) / callsPerSecond
    await delay(Math.max(0, atMs - (performance.now() - startedAt)))
    calls.push(make(number, atMs))
  }
  return Promise.all(calls)
}
