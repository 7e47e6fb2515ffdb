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

it('audit events are counted exactly up to 10 000, and the answer says when there are more', async () => {
  const { organizationId } = context.tenant
  const countOf = async (type: string) => {
    const query = `query($type: String!) {
      auditEvents(filter: { type: $type }) { totalCount totalCountIsExact }
    }`
    return (await context.query<{ auditEvents: object }>(query, { type })).auditEvents
  }
  const append = (from: number, to: number) =>
    context.api.controlPlane.database.transaction(organizationId, (em) =>
      em.execute(
        `insert into audit_events (org_id, id, at, type, actor_kind, actor_id, actor_name, subject_kind, subject_id,
           outcome, details)
         select ?, 'evt_' || i, now(), 'many', 'system', 'gatehouse', 'Gatehouse', 'team', 'team_1', 'succeeded', '{}'
         from generate_series(?::int, ?::int) i`,
        [organizationId, from, to],
      ),
    )
  expect(await countOf('many')).toEqual({ totalCount: 0, totalCountIsExact: true })
  await append(1, 10_000)
  expect(await countOf('many')).toEqual({ totalCount: 10_000, totalCountIsExact: true })
  await append(10_001, 10_001)
  expect(await countOf('many')).toEqual({ totalCount: 10_000, totalCountIsExact: false })
})
