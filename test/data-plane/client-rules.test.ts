import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import { eventually } from '../transport/poll.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
}, 60_000)
afterAll(() => gateway.stop())
beforeEach(() => configure({ requiredHeaders: [], ipAllowlist: [], trustedProxies: [] }))

/** Changes the client configuration, and waits until the data plane runs it. */
async function configure(input: object): Promise<void> {
  const { data, errors } = await gateway.graphql<{ updateClientConfiguration: { message?: string } }>(
    `mutation($input: UpdateClientConfigurationInput!) { updateClientConfiguration(input: $input) {
      ... on Refusal { message } } }`,
    { input },
  )
  if (!data || data.updateClientConfiguration.message) throw new Error(JSON.stringify({ data, errors }))
  await eventually('the configuration is applied', async () => {
    const { data: told } = await gateway.graphql<{
      configuration: { revision: number }
      dataPlanes: { edges: { node: { appliedRevision: number | null } }[] }
    }>('{ configuration { revision } dataPlanes { edges { node { appliedRevision } } } }')
    const applied = told?.dataPlanes.edges[0]?.node.appliedRevision ?? 0
    return applied >= (told?.configuration.revision ?? Number.POSITIVE_INFINITY) || undefined
  })
}

async function chat(headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${gateway.dataPlanes[0]?.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${gateway.demo.virtualKey}`,
      ...headers,
    },
    body: JSON.stringify({ model: 'demo-chat', messages: [{ role: 'user', content: 'Hi' }] }),
  })
  const body = (await response.json()) as { error?: { type: string } }
  return body.error ? `${response.status} ${body.error.type}` : String(response.status)
}

async function sourceOf(requestId: string): Promise<unknown> {
  return eventually('the call is in the audit log', async () => {
    const { data } = await gateway.graphql<{
      auditEvents: { edges: { node: { details: { sourceAddress: unknown } } }[] }
    }>(
      `query($requestId: String!) { auditEvents(filter: { requestId: $requestId }) { edges { node { details } } } }`,
      { requestId },
    )
    return data?.auditEvents.edges[0]?.node.details.sourceAddress
  })
}

it('a header that callers must send is asked for by the data plane [X0-28]', async () => {
  expect(await chat()).toBe('200')
  await configure({ requiredHeaders: [{ name: 'X-Team', pattern: 'team-\\d+' }] })
  expect(await chat()).toBe('400 missing_required_headers')
  expect(await chat({ authorization: 'Bearer sk-gh-unknown' })).toBe('400 missing_required_headers')
  expect(await chat({ 'x-team': 'team-x' })).toBe('400 missing_required_headers')
  expect(await chat({ 'x-team': 'team-7' })).toBe('200')
})

it('an address that is not allowed is refused, also one that a trusted proxy names, and recorded [S3-36]', async () => {
  await configure({ ipAllowlist: ['10.0.0.0/8'] })
  expect(await chat()).toBe('403 ip_not_allowed')
  // Nobody is a proxy of ours for saying so.
  expect(await chat({ 'x-forwarded-for': '10.1.2.3' })).toBe('403 ip_not_allowed')
  await configure({ trustedProxies: ['127.0.0.0/8'], requiredHeaders: [{ name: 'x-team', pattern: '*' }] })
  const team = { 'x-team': 'a' }
  expect(await chat({ ...team, 'x-forwarded-for': '10.1.2.3', 'x-request-id': 'from-inside' })).toBe('200')
  const spoofed = { ...team, 'x-forwarded-for': '10.1.2.3, 11.0.0.1', 'x-request-id': 'from-outside' }
  expect(await chat(spoofed)).toBe('403 ip_not_allowed')
  // Where a call comes from is asked first.
  expect(await chat({ 'x-forwarded-for': '11.0.0.1' })).toBe('403 ip_not_allowed')
  expect(await chat({ 'x-forwarded-for': '10.1.2.3' })).toBe('400 missing_required_headers')
  expect(await sourceOf('from-inside')).toBe('10.1.2.3')
  expect(await sourceOf('from-outside')).toBe('11.0.0.1')
})
