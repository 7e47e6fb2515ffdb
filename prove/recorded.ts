import { readAuditTrail } from '../chaos/audit-trail.ts'
import { compareWithWitness } from '../chaos/witness.ts'
import { eventually } from '../test/acceptance/gateway.ts'
import type { Planes } from '../test/acceptance/planes.ts'

const settleLimitMs = 150_000

export interface Recorded {
  /** Calls that the provider was asked. */
  readonly asked: number
  readonly missing: number
  readonly doubled: number
}

/**
 * How the audit trail stands to the provider's own log of the calls whose ids begin so, once it has as many of them as it should.
 *
 * @param unrecorded how many are to be missing
 */
export async function readRecorded(planes: Planes, prefix: string, unrecorded = 0): Promise<Recorded> {
  const asked = planes.providerCalls().flatMap(({ user }) => (user?.startsWith(prefix) ? user : []))
  let last: Recorded = { asked: asked.length, missing: asked.length, doubled: 0 }
  const isSettled = async () => {
    const trail = (await readAuditTrail(planes)).filter(({ requestId }) => requestId.startsWith(prefix))
    const { missing, doubled } = compareWithWitness(asked, trail)
    last = { asked: asked.length, missing: missing.length, doubled: doubled.length }
    return last.missing <= unrecorded
  }
  // What never arrives is a broken promise, and no failure of the proof.
  await eventually(isSettled, settleLimitMs, () => '').catch(() => undefined)
  return last
}
