import { setTimeout as delay } from 'node:timers/promises'
import { StartRefused } from '../start-refused.ts'
import type { Quickstart } from './quickstart.ts'

const LIMIT_MS = 30_000
const POLL_MS = 50

/** Waits for the configuration to reach the data plane: what is printed has to work when it is pasted. */
export async function waitUntilServed({ dataPlaneUrl, virtualKey }: Quickstart): Promise<void> {
  const deadline = Date.now() + LIMIT_MS
  let last = 'no answer'
  while (Date.now() < deadline) {
    const response = await fetch(`${dataPlaneUrl}/v1/models`, {
      headers: { authorization: `Bearer ${virtualKey}` },
      signal: AbortSignal.timeout(5_000),
    }).catch((error: unknown) => {
      last = error instanceof Error ? error.message : String(error)
      return undefined
    })
    if (response?.status === 200) return
    // Known to the configuration, and refused: the owner revoked or disabled it, which is theirs to decide.
    if (response?.status === 403) return
    if (response !== undefined) last = `status ${response.status}`
    await delay(POLL_MS)
  }
  throw new StartRefused(
    `The data plane did not take the demo key within ${LIMIT_MS / 1000} s (${last}): see gatehouse.log in the data dir`,
  )
}
