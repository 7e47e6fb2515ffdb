import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../acceptance/gateway.ts'
import { eventually } from '../transport/poll.ts'
import { Collector } from './collector.ts'

const collector = new Collector()
let gateway: Gateway

beforeAll(async () => {
  gateway = await startGateway({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: await collector.listen() } })
})

afterAll(async () => {
  await gateway.stop()
  await collector.close()
})

it('both planes of "gatehouse up" send their spans to the collector that the environment names', async () => {
  const response = await fetch(`${gateway.dataPlaneUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.virtualKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo-chat', messages: [{ role: 'user', content: 'Hello' }] }),
  })
  expect(response.status).toBe(200)
  await gateway.graphql('query WhoAmI { viewer { id } }')
  await eventually('spans of both', () => {
    const seen = new Set(collector.spans.map(({ service, name }) => `${service}: ${name}`))
    const wanted = ['gatehouse-data-plane: chat demo-chat', 'gatehouse-control-plane: query WhoAmI']
    return wanted.every((name) => seen.has(name))
  })
  for (const secret of [gateway.virtualKey, gateway.adminToken]) expect(collector.text).not.toContain(secret)
})
