import { chat } from '../test/acceptance/calls.ts'
import { eventually } from '../test/acceptance/gateway.ts'
import { issueKey, revokeKey } from '../test/acceptance/keys.ts'
import type { Planes } from '../test/acceptance/planes.ts'

export interface RevocationVerdict {
  readonly promise: string
  readonly runs: number
  /** Calls that a data plane admitted after the revocation had answered. */
  readonly admitted: number
  readonly kept: boolean
}

const callersOfEach = 4
const usableLimitMs = 5_000

/** Revokes keys one after the other while others are used: what `waitFor: ALL` has answered holds everywhere. */
export async function proveConfirmedRevocations(
  planes: Planes,
  runs: number,
  progress: (line: string) => void,
): Promise<RevocationVerdict> {
  const background = await issueKey(planes, planes.demo, { name: 'background' })
  await planes.applied()
  const finished = new AbortController()
  const load = planes.dataPlanes.flatMap((plane) =>
    Array.from({ length: callersOfEach }, async () => {
      while (!finished.signal.aborted) await chat(plane, background.secret)
    }),
  )
  let admitted = 0
  for (let run = 1; run <= runs; run += 1) {
    const key = await issueKey(planes, planes.demo, { name: `confirmed ${run}` })
    const statuses = () =>
      Promise.all(planes.dataPlanes.map(async (plane) => (await chat(plane, key.secret)).status))
    await eventually(async () => (await statuses()).every((status) => status === 200), usableLimitMs)
    await revokeKey(planes, key.id, 'ALL')
    admitted += (await statuses()).filter((status) => status !== 403).length
    if (run % 50 === 0) progress(`${run} of ${runs} keys revoked with waitFor: ALL`)
  }
  finished.abort()
  await Promise.all(load)
  const promise = 'once revokeVirtualKey(waitFor: ALL) has answered, no data plane admits a call of the key'
  return { promise, runs, admitted, kept: admitted === 0 }
}
