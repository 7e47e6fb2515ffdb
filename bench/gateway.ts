import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { modelOf } from './cases.ts'
import type { Durability } from './flags.ts'
import { AdminApi, createGovernedKey } from './organization.ts'
import { newMasterKey, startControlPlane, startDataPlane } from './planes.ts'
import { startStores } from './stores.ts'
import type { Target } from './target.ts'

const readyLimitMs = 30_000
const ingestLimitMs = 180_000

/**
 * The governed gateway as an operator runs it: `gatehouse control-plane` and `gatehouse data-plane` as processes
 * of their own over a real PostgreSQL and a real Redis, with budgets and request limits on every level and audit
 * as durable as it is by default.
 */
export async function startGateway(options: {
  upstreamOrigin: string
  durability: Durability
  profileFolder: string | undefined
  progress: (text: string) => void
}): Promise<Target> {
  const stores = await startStores(options.progress, true)
  const env = { GATEHOUSE_MASTER_KEY: newMasterKey() }
  const { url: controlPlaneUrl } = await startControlPlane(stores, env, true)
  const api = new AdminApi(`${controlPlaneUrl}/graphql`, stores.adminToken)
  const { secret } = await createGovernedKey(api, `${options.upstreamOrigin}/v1`)
  const { token } = await api.mutate(
    'createEnrolmentToken',
    { ttlSeconds: 600 },
    '... on EnrolmentToken { token }',
  )
  const { profileFolder } = options
  const { origin, statusOrigin, running } = await startDataPlane({
    stores,
    controlPlaneUrl,
    enrolmentToken: String(token),
    env: { GATEHOUSE_AUDIT_DURABILITY: options.durability },
    flags: profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profileFolder)}`],
  })
  const target: Target = {
    name: 'gatehouse',
    process: running,
    url: `${origin}/v1/chat/completions`,
    headers: { authorization: `Bearer ${secret}` },
    settle: () => waitUntilIngested(statusOrigin),
  }
  await waitUntilServing(target)
  return target
}

/** The configuration, the credentials and the first leases have to arrive. */
export async function waitUntilServing({ url, headers, process: running }: Target): Promise<void> {
  const deadline = performance.now() + readyLimitMs
  let said = ''
  while (performance.now() < deadline) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model: modelOf(1_000, 'immediate'), messages: [] }),
        signal: AbortSignal.timeout(10_000),
      })
      said = `${response.status} ${await response.text()}`
      if (response.ok) return
    } catch (error) {
      said = String(error)
    }
    await delay(100)
  }
  throw new Error(`the data plane does not serve: ${said}\n${running?.output() ?? ''}`)
}

/** Every record of the calls so far is in the database, and the data plane knows it. */
export async function waitUntilIngested(statusOrigin: string): Promise<void> {
  const deadline = performance.now() + ingestLimitMs
  while (performance.now() < deadline) {
    const response = await fetch(`${statusOrigin}/metrics`, { signal: AbortSignal.timeout(10_000) })
    const [, backlog] = /^gatehouse_event_backlog (\d+)$/m.exec(await response.text()) ?? []
    if (backlog === '0') return
    await delay(100)
  }
  throw new Error(`records of calls are not in the database after ${ingestLimitMs / 1_000} s`)
}
