import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { openDatabase } from '../../control-plane/db/database.ts'
import { openSecrets } from '../../control-plane/secrets/secrets.ts'
import { waitUntilIngested, waitUntilServing } from '../gateway.ts'
import { AdminApi, createGovernedKey, createKey } from '../organization.ts'
import { newMasterKey, startControlPlane, startDataPlane } from '../planes.ts'
import { onStop } from '../processes.ts'
import { type Stores, startStores } from '../stores.ts'
import type { Target } from '../target.ts'
import { copyKey } from './copies.ts'

const prefix = 'sk-gh-bench-'
const readyLimitMs = 180_000

/** A gateway with many keys, all alike, of which calls bear as many as is asked for. */
export interface ManyKeys {
  /** @param count of the keys; the calls take turns with them */
  target(count: number): Target
  /** Transactions in which leases were granted so far. */
  leaseTransactions(): Promise<number>
}

export interface GatewayOptions {
  readonly name: string
  /** Whether each key has a budget and a request limit on each of the seven levels; else there is none on any. */
  readonly isGoverned: boolean
  readonly keys: number
  readonly upstreamOrigin: string
  readonly progress: (text: string) => void
}

export async function startManyKeys(options: GatewayOptions): Promise<ManyKeys> {
  const { name, keys, progress } = options
  const stores = await startStores(progress, true)
  const masterKey = newMasterKey()
  await fill(stores, masterKey, options)
  progress(`${name}: ${keys} keys are in the database`)
  const controlPlane = await startControlPlane(stores, { GATEHOUSE_MASTER_KEY: masterKey }, true)
  const api = new AdminApi(`${controlPlane.url}/graphql`, stores.adminToken)
  const { token } = await api.mutate(
    'createEnrolmentToken',
    { ttlSeconds: 600 },
    '... on EnrolmentToken { token }',
  )
  const dataPlane = await startDataPlane({
    stores,
    controlPlaneUrl: controlPlane.url,
    enrolmentToken: String(token),
  })
  const database = new pg.Client({ connectionString: stores.superuserUrl })
  await database.connect()
  onStop(() => database.end())
  const target = (count: number): Target => ({
    name,
    process: dataPlane.running,
    url: `${dataPlane.origin}/v1/chat/completions`,
    headers: {},
    keys: { prefix, count },
    settle: () => waitUntilIngested(dataPlane.statusOrigin),
  })
  await waitUntilReady(dataPlane.statusOrigin)
  await waitUntilServing({ ...target(1), headers: { authorization: `Bearer ${prefix}0` } })
  return {
    target,
    leaseTransactions: async () => {
      // Requests that were answered together are rows of one transaction.
      const { rows } = await database.query<{ count: string }>(
        'select count(distinct xmin::text) from lease_requests',
      )
      return Number(rows[0]?.count)
    },
  }
}

/** Makes one key by the API, and the others of it. No plane runs afterwards. */
async function fill(stores: Stores, masterKey: string, options: GatewayOptions): Promise<void> {
  const { isGoverned, keys, upstreamOrigin } = options
  const controlPlane = await startControlPlane(stores, { GATEHOUSE_MASTER_KEY: masterKey })
  const api = new AdminApi(`${controlPlane.url}/graphql`, stores.adminToken)
  const baseUrl = `${upstreamOrigin}/v1`
  const key = isGoverned ? await createGovernedKey(api, baseUrl) : (await createKey(api, baseUrl)).key
  await controlPlane.running.kill()
  await copyKey(stores.superuserUrl, key, {
    prefix,
    count: keys,
    digestOf: await openDigest(stores, masterKey),
  })
}

async function openDigest({ databaseUrl }: Stores, masterKey: string): Promise<(secret: string) => string> {
  const database = await openDatabase({ url: databaseUrl })
  try {
    const secrets = await openSecrets(database, Buffer.from(masterKey, 'base64'))
    return (secret) => secrets.digestVirtualKey(secret)
  } finally {
    await database.close()
  }
}

async function waitUntilReady(statusOrigin: string): Promise<void> {
  const deadline = performance.now() + readyLimitMs
  while (!(await fetch(`${statusOrigin}/readyz`)).ok) {
    if (performance.now() > deadline) {
      throw new Error(`the data plane is not ready after ${readyLimitMs / 1_000} s`)
    }
    await delay(100)
  }
}
