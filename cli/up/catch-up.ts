import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../control-plane/db/database.ts'
import { readVersion } from '../../control-plane/publisher/revisions.ts'
import { StartRefused } from '../start-refused.ts'

const LIMIT_MS = 30_000
const POLL_MS = 50

/** Waits until the data plane runs what the control plane holds now: what is printed has to work when it is pasted. */
export async function waitUntilCurrent(
  database: Database,
  organizationId: string,
  status: { readonly url: string; readonly token: string | undefined },
): Promise<void> {
  const wanted = await database.transaction(organizationId, (em) => readVersion(em, organizationId))
  const deadline = Date.now() + LIMIT_MS
  while (Date.now() < deadline) {
    const applied = await appliedRevision(status)
    if (applied !== null && applied >= (wanted?.revision ?? 0)) return
    await delay(POLL_MS)
  }
  throw new StartRefused(
    `The data plane did not take its configuration within ${LIMIT_MS / 1000} s: see gatehouse.log in the data dir`,
  )
}

async function appliedRevision({
  url,
  token,
}: {
  url: string
  token: string | undefined
}): Promise<number | null> {
  const response = await fetch(`${url}/status/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query: '{ node { revision } }' }),
    signal: AbortSignal.timeout(5_000),
  })
  const { data } = (await response.json()) as { data?: { node: { revision: number | null } } }
  return data?.node.revision ?? null
}
