import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordUsage } from '../../../../control-plane/modules/usage/index.ts'
import { callFinished } from '../../spending-data-plane.ts'
import { createProvider, startTenantApi, type TenantApi } from '../tenant-api.ts'
import { KeyApi } from './key-api.ts'

const dayMs = 86_400_000
let now = Date.parse('2026-01-01T00:00:00Z')
let context: TenantApi
let keys: KeyApi
beforeAll(async () => {
  context = await startTenantApi({ now: () => now })
  keys = await KeyApi.start(context)
})
afterAll(() => context.close())

interface Finding {
  readonly code: string
  readonly severity: string
  readonly advice: string
}

async function lint(args = ''): Promise<Map<string, Finding[]>> {
  const { virtualKeyLint } = await context.query<{
    virtualKeyLint: { edges: { node: { virtualKey: { id: string }; findings: Finding[] } }[] }
  }>(
    `{ virtualKeyLint${args} { edges { node { virtualKey { id } findings { code severity message advice } } } } }`,
  )
  return new Map(virtualKeyLint.edges.map(({ node }) => [node.virtualKey.id, node.findings]))
}

const codes = (findings: readonly Finding[] | undefined) => findings?.map(({ code }) => code)
const policy = (field: string, type: string) => ({
  field,
  input: `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`,
  selection: `... on ${type} { id }`,
})

/** One provider, named models, an expiry, a budget and a limit: what a CI job needs. */
async function issueNarrow(): Promise<string> {
  const id = await keys.issue({ expiresIn: 'YEAR' })
  const owner = { virtualKeyId: id }
  await context.mutate(policy('addBudget', 'Budget'), { owner, limit: '1000', period: 'DAY' })
  const limit = { owner, maxRequests: 9, windowSeconds: 60 }
  await context.mutate(policy('addRequestLimit', 'RequestLimit'), limit)
  return id
}

describe('the lint of virtual keys [S1-30]', () => {
  it('leaves a narrow key alone and says what is wrong with a broad one, the worst first', async () => {
    const narrow = await issueNarrow()
    const { id: providerId } = await context.mutate(createProvider, {
      name: 'second',
      baseUrl: 'https://example.com/v1',
    })
    const broad = await keys.issue({
      allowAllProviders: true,
      providerConfigs: [keys.config({ allowedModels: ['*'] }), keys.config({ providerId })],
    })
    const found = await lint()
    expect(found.has(narrow)).toBe(false)
    expect(codes(found.get(broad))).toEqual([
      ...['ALL_PROVIDERS', 'ALL_MODELS', 'NO_BUDGET', 'NO_EXPIRY', 'SEVERAL_PROVIDERS', 'NO_REQUEST_LIMIT'],
    ])
    expect(found.get(broad)?.[0]).toMatchObject({
      severity: 'HIGH',
      advice: expect.stringContaining('allowAllProviders'),
    })
  })

  it('shows only keys with a finding of the asked severity, and only those of the filter', async () => {
    const id = await keys.issue({ name: 'lasting', expiresIn: 'DAY', tags: ['lint'] })
    const owner = { virtualKeyId: id }
    await context.mutate(policy('addBudget', 'Budget'), { owner, limit: '1000', period: 'DAY' })
    expect(codes((await lint('(filter: { tag: "lint" })')).get(id))).toEqual(['NO_REQUEST_LIMIT'])
    expect((await lint('(filter: { tag: "lint" }, minimumSeverity: MEDIUM)')).size).toBe(0)
    expect((await lint('(filter: { tag: "none" })')).size).toBe(0)
  })

  it('names a key that nobody has used for so many days, and one with an old secret', async () => {
    const [used, unused] = [await issueNarrow(), await issueNarrow()]
    now += 30 * dayMs
    const { organizationId, workspaceId } = context.tenant
    const call = { ...callFinished({ workspaceId, virtualKeyId: used }), startedAt: now - dayMs }
    await context.api.controlPlane.database.transaction(organizationId, (em) =>
      recordUsage(em, organizationId, [{ dataPlaneId: 'dp_1', call }]),
    )
    expect((await lint('(unusedDays: 60)')).has(unused)).toBe(false)
    const found = await lint('(unusedDays: 7)')
    expect(found.has(used)).toBe(false)
    expect(codes(found.get(unused))).toEqual(['UNUSED'])
    const lastUse = async (id: string) => {
      const document = 'query($id: ID!) { virtualKey(id: $id) { lastUsedAt } }'
      const answer = await context.query<{ virtualKey: { lastUsedAt: string | null } }>(document, { id })
      return answer.virtualKey.lastUsedAt
    }
    expect(await lastUse(used)).toBe(new Date(call.startedAt).toISOString())
    expect(await lastUse(unused)).toBeNull()
    now += 340 * dayMs
    expect(codes((await lint('(unusedDays: 3650)')).get(unused))).toEqual(['OLD_SECRET'])
  })
})
