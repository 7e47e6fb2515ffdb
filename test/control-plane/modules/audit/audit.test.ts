import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTeam, startTenantApi, type TenantApi } from '../tenant-api.ts'

let now = Date.parse('2026-03-18T12:00:00Z')
let context: TenantApi

beforeAll(async () => {
  context = await startTenantApi({ now: () => now })
})
afterAll(() => context.close())

it('an event tells when it happened by the clock of the control plane', async () => {
  const { workspaceId } = context.tenant
  const timesOf = async (subjectId: string) => {
    const query = `query($subjectId: ID!) { auditEvents(filter: { subjectId: $subjectId }) { edges { node { at } } } }`
    const { auditEvents } = await context.query<{ auditEvents: { edges: { node: { at: string } }[] } }>(
      query,
      { subjectId },
    )
    return auditEvents.edges.map(({ node }) => node.at)
  }
  const first = await context.mutate(createTeam, { workspaceId, name: 'Search' })
  now += 86_400_000
  const second = await context.mutate(createTeam, { workspaceId, name: 'Research' })
  expect(await timesOf(first.id)).toEqual(['2026-03-18T12:00:00.000Z'])
  expect(await timesOf(second.id)).toEqual(['2026-03-19T12:00:00.000Z'])
})
