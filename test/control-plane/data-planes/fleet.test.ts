import { rmSync } from 'node:fs'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemActor } from '../../../control-plane/actor.ts'
import { createEnrolmentToken } from '../../../control-plane/modules/data-planes/index.ts'
import { changeConfiguration } from '../../../control-plane/publisher/revision.ts'
import { createDataPlane } from '../../../data-plane/app.ts'
import { createMemoryTransport } from '../../../transport/memory/create.ts'
import { temporaryDirectory } from '../../environment/index.ts'
import { eventually } from '../../transport/poll.ts'
import { startApi, type Tenant, type TestApi } from '../api.ts'

const transport = createMemoryTransport()
const directory = temporaryDirectory()
const opened = new AsyncDisposableStack()
let api: TestApi
let tenant: Tenant

beforeAll(async () => {
  opened.defer(() => rmSync(directory, { recursive: true, force: true }))
  opened.defer(() => transport.close())
  api = await startApi({ transport })
  opened.defer(() => api.close())
  tenant = await api.createTenant('Acme')
  const { services, url } = api.controlPlane
  const { token } = await createEnrolmentToken(services, systemActor(tenant.organizationId), {
    ttlSeconds: 60,
  })
  const env = {
    redisUrl: undefined,
    host: '127.0.0.1',
    port: 0,
    statusHost: '127.0.0.1',
    statusPort: 0,
    name: 'eu-1',
    stateDirectory: directory,
    enrolmentToken: token,
    controlPlaneUrl: url,
    plugins: [],
    auditDurability: 'process',
    auditWhenFull: 'refuse',
    journalMaxBytes: 1024 ** 3,
    drainSeconds: 1,
    drainNoticeSeconds: 0,
    statusToken: undefined,
    logLevel: 'info',
  } as const
  const dataPlane = await createDataPlane({ env, log: pino({ level: 'silent' }), transport })
  opened.defer(() => dataPlane.close())
})
afterAll(() => opened.disposeAsync())

const query = `{
  configuration { epoch revision hash }
  dataPlanes { edges { node {
    id name status appliedEpoch appliedRevision lag behindSince nack { epoch revision reason } lastSeenAt
    plugins { name builtin }
  } } }
}`

interface Fleet {
  readonly configuration: { readonly epoch: number; readonly revision: number; readonly hash: string | null }
  readonly dataPlanes: {
    readonly edges: readonly {
      readonly node: {
        readonly status: string
        readonly appliedRevision: number
        readonly lag: number
        readonly nack: { readonly revision: number; readonly reason: string } | null
        readonly plugins: readonly { readonly name: string }[]
      }
    }[]
  }
}

async function readFleet(): Promise<Fleet> {
  const { data, errors } = await api.ask(tenant.token, query)
  expect(errors).toEqual([])
  return data as unknown as Fleet
}

describe('the fleet', () => {
  it('shows that a data plane enrolled, runs the newest revision, and which plugins it has', async () => {
    const name = 'changed'
    await api.ask(
      tenant.token,
      'mutation($name: String!) { updateOrganization(input: { name: $name }) { ... on Organization { id } } }',
      { name },
    )
    const { configuration, node } = await eventually('the newest revision is applied', async () => {
      const { configuration, dataPlanes } = await readFleet()
      const node = dataPlanes.edges[0]?.node
      const isApplied = configuration.hash !== null && node?.appliedRevision === configuration.revision
      return isApplied ? { configuration, node } : undefined
    })
    expect(configuration).toEqual({ epoch: 1, revision: 3, hash: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(node).toMatchObject({ name: 'eu-1', status: 'APPLIED', appliedEpoch: 1 })
    expect(node).toMatchObject({ lag: 0, behindSince: null, nack: null })
    expect(node.plugins.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['auth', 'rbac', 'budget', 'header-filter', 'audit', 'provider']),
    )
  })

  it('shows which revision a data plane refused and why, and how far it is behind since then', async () => {
    const { database } = api.controlPlane.services
    const before = await readFleet()
    // No mutation writes this: data planes say which plugins they have. A plugin may be gone with a restart, though.
    const plugin = {
      ...({ kind: 'plugin', id: 'plg_ghost', name: 'ghost', enabled: true, order: 0, config: {} } as const),
      position: { side: 'after', of: 'auth' } as const,
    }
    const refused = await database.transaction(tenant.organizationId, (em) =>
      changeConfiguration(em, tenant.organizationId, { upserts: [plugin] }),
    )
    const node = await eventually('the refusal is told', async () => {
      const { dataPlanes } = await readFleet()
      return dataPlanes.edges.map(({ node }) => node).find(({ nack }) => nack !== null)
    })
    expect(node).toMatchObject({
      status: 'REFUSED',
      appliedRevision: before.configuration.revision,
      lag: 1,
      behindSince: expect.any(String),
      nack: { epoch: 1, revision: refused, reason: expect.stringMatching(/"ghost" is not loaded/) },
    })

    await database.transaction(tenant.organizationId, (em) =>
      changeConfiguration(em, tenant.organizationId, { upserts: [], removals: ['plugin/plg_ghost'] }),
    )
    const mended = await eventually('what it can run is applied', async () => {
      const { dataPlanes } = await readFleet()
      return dataPlanes.edges.map(({ node }) => node).find(({ lag }) => lag === 0)
    })
    expect(mended).toMatchObject({ status: 'APPLIED', appliedRevision: refused + 1, nack: null })
  })
})
