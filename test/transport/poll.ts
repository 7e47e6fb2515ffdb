import { setTimeout as delay } from 'node:timers/promises'

const limitMs = 30_000

/** Asks again until the answer is there; fails the test when it never comes. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = performance.now() + limitMs
  while (performance.now() < deadline) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    await delay(5)
  }
  throw new Error(`${what}: not within ${limitMs} ms`)
}
