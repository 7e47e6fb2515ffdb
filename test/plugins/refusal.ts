import { Denied } from 'gatehouse/plugin-sdk'
import { expect } from 'vitest'

/** What a hook refuses with; fails the test when it does not, or throws something else. */
export async function refusalOf(run: () => unknown): Promise<Denied> {
  try {
    await run()
  } catch (error) {
    if (error instanceof Denied) return error
    throw error
  }
  return expect.unreachable('the call should have been refused')
}
