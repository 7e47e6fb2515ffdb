import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sealBatch } from '../../../contract/event-batch.ts'
import type { DataPlaneEvent } from '../../../contract/events.ts'
import { ingestEntries } from '../../../control-plane/ingest/ingest-entries.ts'
import { createMemoryTransport } from '../../../transport/memory/create.ts'
import { startApi, type Tenant, type TestApi } from '../api.ts'
import { type EnrolledDataPlane, enrol } from '../organization.ts'

const transport = createMemoryTransport()
const opened = new AsyncDisposableStack()
let api: TestApi
let tenant: Tenant
let dataPlane: EnrolledDataPlane

beforeAll(async () => {
  opened.defer(() => transport.close())
  api = await startApi({ transport })
  opened.defer(() => api.close())
  tenant = await api.createTenant('Acme')
  const { database, secrets } = api.controlPlane.services
  const signers = await database.transaction(tenant.organizationId, (em) => secrets.signers.read(em))
  const installation = { database, secrets, signingKey: signers.keys[0] }
  dataPlane = await enrol(installation, tenant.organizationId)
})
afterAll(() => opened.disposeAsync())

let sequence = 0
/** What arrives of the data plane in one transaction; `skipped` batches never do. */
function takeIn(events: readonly DataPlaneEvent[], skipped = 0): Promise<unknown> {
  sequence += 1 + skipped
  const { organizationId, id: dataPlaneId, signingKey } = dataPlane
  const head = { format: 1 as const, organizationId, dataPlaneId, incarnation: 'run_1', sequence }
  const json = Buffer.from(events.map((event) => JSON.stringify(event)).join(','))
  const body = sealBatch(head, json, signingKey).toString()
  return api.controlPlane.services.database.transaction(organizationId, (em) =>
    ingestEntries(em, organizationId, [{ id: randomUUID(), organizationId, body }], Date.now()),
  )
}

const query = (subjectId: string) => `{
  dataPlanes { edges { node { recordGaps {
    kind from until served refused lines incarnation fromSequence toSequence
  } } } }
  auditEvents(filter: { subjectId: "${subjectId}" }) {
    edges { node { type actor { kind id } details } }
  }
}`

async function read() {
  const { data, errors } = await api.ask(tenant.token, query(dataPlane.id))
  expect(errors).toEqual([])
  const { dataPlanes, auditEvents } = data as {
    dataPlanes: { edges: { node: { recordGaps: object[] } }[] }
    auditEvents: { edges: { node: { type: string } }[] }
  }
  return {
    gaps: dataPlanes.edges[0]?.node.recordGaps ?? [],
    events: auditEvents.edges.map(({ node }) => node).filter(({ type }) => type.startsWith('record.')),
  }
}

describe('what is missing from the record of a data plane', () => {
  const none = {
    ...{ from: null, until: null, served: null, refused: null, lines: null },
    ...{ incarnation: null, fromSequence: null, toSequence: null },
  }

  it('is shown and in the audit trail, once, however often it is told', async () => {
    expect(await read()).toEqual({ gaps: [], events: [] })
    const unrecorded = {
      ...{ type: 'calls.unrecorded' as const, id: 'u1', from: 1_700_000_000_000, until: 1_700_000_060_000 },
      ...{ served: 12, refused: 3 },
    }
    const damaged = {
      ...{ type: 'journal.damaged' as const, id: 'd1', at: 1_700_000_000_000, lines: 2, bytes: 900 },
    }
    await takeIn([unrecorded])
    await takeIn([unrecorded, damaged, damaged])
    const { gaps, events } = await read()
    expect(gaps).toHaveLength(2)
    expect(gaps).toContainEqual({
      ...none,
      kind: 'CALLS_UNRECORDED',
      ...{ from: '2023-11-14T22:13:20.000Z', until: '2023-11-14T22:14:20.000Z', served: 12, refused: 3 },
    })
    expect(gaps).toContainEqual(
      expect.objectContaining({ kind: 'JOURNAL_DAMAGED', from: '2023-11-14T22:13:20.000Z', lines: 2 }),
    )
    const actor = { kind: 'data_plane', id: dataPlane.id }
    expect(events.map(({ type }) => type).sort()).toEqual([
      'record.calls_unrecorded',
      'record.journal_damaged',
    ])
    expect(events).toContainEqual(expect.objectContaining({ actor }))
  })

  it('is what the control plane has given up waiting for, too', async () => {
    const missing = sequence + 1
    await takeIn([], 2)
    expect((await read()).gaps).toHaveLength(2)
    for (let batch = 0; batch < 256; batch++) await takeIn([])
    const { gaps, events } = await read()
    expect(gaps[0]).toEqual({
      ...none,
      kind: 'EVENTS_LOST',
      ...{ incarnation: 'run_1', fromSequence: missing, toSequence: missing + 1 },
    })
    expect(events.map(({ type }) => type)).toContain('record.events_lost')
  })

  it('says nothing to another organization', async () => {
    const other = await api.createTenant('Other')
    const id = dataPlane.id
    const { data } = await api.ask(other.token, `{ dataPlane(id: "${id}") { recordGaps { kind } } }`)
    expect(data).toEqual({ dataPlane: null })
  })
})
