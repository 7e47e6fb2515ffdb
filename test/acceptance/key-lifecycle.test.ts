import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { chat } from './calls.ts'
import { eventually } from './gateway.ts'
import { issueKey, revokeKey, type TestKey } from './keys.ts'
import { type Planes, startPlanes } from './planes.ts'

let planes: Planes
let teamId: string
let key: TestKey

beforeAll(async () => {
  planes = await startPlanes({ superuserUrl: inject('servers').postgres.superuserUrl, dataPlanes: 2 })
  const { createTeam } = await planes.graphql<{ createTeam: { id: string } }>(
    'mutation ($input: CreateTeamInput!) { createTeam(input: $input) { ... on Team { id } } }',
    { input: { workspaceId: planes.demo.workspaceId, name: 'Newcomers' } },
  )
  teamId = createTeam.id
  key = await issueKey(planes, { ...planes.demo, teamId }, { name: 'lifecycle' })
}, 180_000)
afterAll(() => planes?.stop())

const limitMs = 30_000
const succeeded = { status: 200, type: undefined, retryAfter: null }
const refused = { status: 403, type: 'virtual_key_blocked', retryAfter: null }

it('a key of a new team works on every data plane', async () => {
  for (const dataPlane of planes.dataPlanes) {
    await eventually(async () => (await chat(dataPlane, key.secret)).status === 200, limitMs)
  }
  expect(planes.providerCalls().map(({ status }) => status)).toEqual([200, 200])
})

interface UsageRecord {
  readonly attemptId: string
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costNanoUsd: string
}

it('each call leaves a usage record that agrees with the provider’s own log', async () => {
  const { usage, configuration } = await usageOfKey(2)
  const billed = planes.providerCalls()
  const inOrder = (costs: readonly number[]) => costs.toSorted((a, b) => a - b)
  const costs = usage.edges.map(({ node }) => Number(node.costNanoUsd))
  expect(inOrder(costs)).toEqual(inOrder(billed.map(({ costNanoUsd }) => costNanoUsd)))
  expect(new Set(usage.edges.map(({ node }) => node.attemptId)).size).toBe(2)
  for (const { node } of usage.edges) {
    expect(node).toMatchObject({
      virtualKey: { id: key.id },
      team: { id: teamId },
      user: null,
      provider: { name: 'demo' },
      model: 'demo-chat',
      inputTokens: billed[0]?.inputTokens,
      outputTokens: billed[0]?.outputTokens,
      outcome: 'succeeded',
      errorCode: null,
      epoch: configuration.epoch,
      revision: configuration.revision,
    })
  }
})

it('a revoked key is refused by every data plane before a provider is asked', async () => {
  await revokeKey(planes, key.id)
  await Promise.all(planes.dataPlanes.map((dataPlane) => untilRefused(dataPlane, key)))
  const before = planes.providerCalls().length
  for (const dataPlane of planes.dataPlanes) expect(await chat(dataPlane, key.secret)).toMatchObject(refused)
  expect(planes.providerCalls()).toHaveLength(before)
})

it('the audit trail tells of the key’s issue, its calls, its revocation and its refusals', async () => {
  const trail = async () => {
    const { bySubject, byActor } = await planes.graphql<Record<'bySubject' | 'byActor', Trail>>(
      `query ($id: ID!) {
         bySubject: auditEvents(first: 100, filter: { subjectId: $id }) { edges { node { type actor { kind } } } }
         byActor: auditEvents(first: 100, filter: { actorId: $id }) { edges { node { type actor { kind } } } }
       }`,
      { id: key.id },
    )
    const named = ({ edges }: Trail) => edges.map(({ node }) => `${node.type} by ${node.actor.kind}`)
    return new Set([...named(bySubject), ...named(byActor)])
  }
  const expected = [
    'virtual_key.issued by api_token',
    'inference.succeeded by virtual_key',
    'virtual_key.revoked by api_token',
    'inference.denied by virtual_key',
  ]
  await eventually(async () => (await trail()).size >= expected.length, limitMs)
  expect([...(await trail())].toSorted()).toEqual(expected.toSorted())
})

it('a revocation is never served again by either data plane, however many follow each other', async () => {
  const keys: TestKey[] = []
  for (const name of ['first', 'second', 'third']) keys.push(await issueKey(planes, planes.demo, { name }))
  await planes.applied()
  for (const revoked of keys) {
    for (const dataPlane of planes.dataPlanes)
      expect(await chat(dataPlane, revoked.secret)).toEqual(succeeded)
    await revokeKey(planes, revoked.id)
    await Promise.all(planes.dataPlanes.map((dataPlane) => untilRefused(dataPlane, revoked)))
  }
  for (const revoked of keys) {
    for (const dataPlane of planes.dataPlanes)
      expect(await chat(dataPlane, revoked.secret)).toMatchObject(refused)
  }
})

it('a revocation that waited for all data planes is refused by each from then on', async () => {
  for (let round = 0; round < 5; round += 1) {
    const waitedFor = await issueKey(planes, planes.demo, { name: 'waited for' })
    await planes.applied()
    await revokeKey(planes, waitedFor.id, 'ALL')
    const answers = await Promise.all(planes.dataPlanes.map((dataPlane) => chat(dataPlane, waitedFor.secret)))
    expect(answers).toMatchObject(planes.dataPlanes.map(() => refused))
  }
}, 60_000)

interface Trail {
  readonly edges: readonly { readonly node: { readonly type: string; readonly actor: { kind: string } } }[]
}

function untilRefused(dataPlane: Planes['dataPlanes'][number], { secret }: TestKey): Promise<void> {
  return eventually(async () => (await chat(dataPlane, secret)).status === 403, limitMs)
}

interface KeyUsage {
  readonly usage: { readonly edges: readonly { readonly node: UsageRecord }[] }
  readonly configuration: { readonly epoch: number; readonly revision: number }
}

/** The usage of the key once it has this many records. */
async function usageOfKey(records: number): Promise<KeyUsage> {
  const read = () =>
    planes.graphql<KeyUsage>(
      `query ($id: ID!) {
         configuration { epoch revision }
         usage(first: 100, filter: { virtualKeyId: $id }) { edges { node {
           attemptId virtualKey { id } team { id } user { id } provider { name } model
           inputTokens outputTokens costNanoUsd outcome errorCode epoch revision } } }
       }`,
      { id: key.id },
    )
  await eventually(async () => (await read()).usage.edges.length >= records, limitMs)
  return read()
}
