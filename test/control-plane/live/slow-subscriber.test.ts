import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '../../../control-plane/db/id.ts'
import { appendAuditEvents } from '../../../control-plane/modules/audit/index.ts'
import { startApi, type Tenant, type TestApi } from '../api.ts'

const events = 6_000
const detail = 'x'.repeat(4_000)
let api: TestApi
let tenant: Tenant

beforeAll(async () => {
  api = await startApi({ takeWithinMs: 700 })
  tenant = await api.createTenant('Acme')
})
afterAll(() => api.close())

/** Asks like a browser would and then does not read. */
async function subscribeWithoutReading(): Promise<Socket> {
  const { hostname, port } = new URL(api.controlPlane.url)
  const socket = connect({ host: hostname, port: Number(port) })
  const body = JSON.stringify({ query: 'subscription { auditRecorded { id details } }' })
  socket.write(
    [
      ...['POST /graphql HTTP/1.1', `host: ${hostname}`, `authorization: Bearer ${tenant.token}`],
      ...['accept: text/event-stream', 'content-type: application/json'],
      ...[`content-length: ${Buffer.byteLength(body)}`, '', body],
    ].join('\r\n'),
  )
  await new Promise<void>((resolve) => socket.once('data', () => resolve()))
  socket.pause()
  return socket
}

async function appendEvents(): Promise<void> {
  const one = () => ({
    ...{ id: newId('evt'), workspaceId: null, at: new Date(), type: 'test', outcome: 'succeeded' },
    ...{ actorKind: 'system', actorId: 'test', actorName: 'test', subjectKind: 'test', subjectId: 'test' },
    details: { detail },
  })
  await api.controlPlane.database.transaction(tenant.organizationId, (em) =>
    appendAuditEvents(em, tenant.organizationId, Array.from({ length: events }, one)),
  )
}

it('a subscriber that does not read costs a page of memory, then its stream ends and says how to resume', async () => {
  const { feed } = api.controlPlane.services.live
  const socket = await subscribeWithoutReading()
  expect(feed.size).toBe(1)
  await appendEvents()
  await expect.poll(() => feed.size, { timeout: 90_000 }).toBe(0)
  // It reads again: what lies in the sockets' buffers, and then why there is no more.
  let received = ''
  socket.setEncoding('utf8')
  socket.on('data', (text) => {
    received += text
  })
  socket.resume()
  await expect.poll(() => received.includes('event: complete'), { timeout: 60_000 }).toBe(true)
  socket.destroy()
  const told = received.split('"auditRecorded"').length - 1
  expect(told).toBeLessThan(events)
  const lastId = /"lastId":"(evt_\w+)"/.exec(received)?.[1]
  expect(received).toContain('SUBSCRIBER_TOO_SLOW')
  expect(received).toContain('subscribe again with after')
  expect(received.lastIndexOf(`"id":"${lastId}"`)).toBeGreaterThan(0)
}, 180_000)
