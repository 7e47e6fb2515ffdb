import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { csvCell } from '../../../control-plane/modules/usage/csv.ts'
import { recordUsage } from '../../../control-plane/modules/usage/index.ts'
import { read, type Tenant, type TestApi } from '../api.ts'
import { type RoleApi, startRoleApi } from '../modules/roles/role-api.ts'
import { callFinished } from '../spending-data-plane.ts'

let roles: RoleApi
let api: TestApi
let userId: string
let tenant: Tenant
const now = Date.parse('2026-11-22T17:23:41.123Z')

beforeAll(async () => {
  roles = await startRoleApi({ now: () => now })
  api = roles.api
  tenant = roles.tenant
  userId = await roles.createUser({ name: 'Ada', email: 'ada@example.com' })
  const { organizationId, workspaceId } = tenant
  const reported = Array.from({ length: 40 }, (_, index) => ({
    dataPlaneId: 'dp_1',
    call: callFinished({
      workspaceId,
      userId: index < 7 ? userId : 'usr_other',
      requestedModel: ['=cmd|a', 'a,"b"', 'plain', null][index % 4] ?? null,
      outcome: index % 3 === 0 ? 'denied' : 'succeeded',
      costNanoUsd: 9_000_000_000_000_000 - index,
      startedAt: now - index * 3_600_000,
    }),
  }))
  await api.controlPlane.database.transaction(organizationId, (em) =>
    recordUsage(em, organizationId, reported),
  )
})
afterAll(() => roles.api.close())

const get = (search: string, token: string | undefined = tenant.token) =>
  fetch(`${api.controlPlane.url}/usage.csv?${search}`, { headers: { authorization: `Bearer ${token}` } })

/** As RFC 4180 has it. */
function parse(text: string): string[][] {
  return text
    .split('\r\n')
    .slice(0, -1)
    .map((line) =>
      [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
        quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
      ),
    )
}

describe('usage as CSV', () => {
  it.each([
    ['groupBy=MODEL', 'groupBy: [MODEL]'],
    ['groupBy=MODEL,OUTCOME&interval=DAY', 'groupBy: [MODEL, OUTCOME], interval: DAY'],
    ['interval=HOUR&outcomes=denied', 'interval: HOUR, filter: { outcomes: [denied] }'],
  ])('says what usageSummary says: %s', async (search, args) => {
    const response = await get(search)
    const body = await response.text()
    expect(response.status, body).toBe(200)
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="usage.csv"')
    const { data } = await api.ask(
      tenant.token,
      `{ usageSummary(${args}) { from model outcome totals { requests inputTokens outputTokens costNanoUsd } } }`,
    )
    type Group = { from: string | null; model: string | null; outcome: string | null; totals: object }
    const groups = read<Group[]>(data, 'usageSummary')
    expect(groups.length).toBeGreaterThan(1)
    expect(parse(body).slice(1)).toEqual(
      groups.map(({ from, model, outcome, totals }) => [
        ...(args.includes('interval') ? [new Date(from ?? '').toISOString()] : []),
        ...(args.includes('MODEL') ? [(model ?? '').replace(/^=/, "'=")] : []),
        ...(args.includes('OUTCOME') ? [outcome ?? ''] : []),
        ...Object.values(totals).map(String),
      ]),
    )
  })

  it.each([
    ['groupBy', 'groupBy=NOBODY'],
    ['groupBy', ''],
    ['interval', 'interval=YEAR'],
    ['timeZone', 'interval=DAY&timeZone=Nowhere'],
    ['from', 'interval=DAY&from=yesterday'],
    ['colour', 'interval=DAY&colour=red'],
  ])('refuses a bad %s by its name: %s', async (parameter, search) => {
    const response = await get(search)
    expect([response.status, await response.json()]).toMatchObject([400, { error: { parameter } }])
  })

  it('sums one’s own calls for a role that sees no others', async () => {
    const role = await roles.createRole({ name: 'own', permissions: ['usage:view'], rowScope: 'OWN' })
    await roles.assign({ userId, roleId: role.id })
    const token = await roles.issue({ roleId: role.id, userId })
    const rows = parse(await (await get('groupBy=USER', token)).text())
    expect(rows.map(([user, requests]) => [user, requests])).toEqual([
      ['user_id', 'requests'],
      [userId, '7'],
    ])
  })

  it('is refused to a role without usage:view', async () => {
    const role = await roles.createRole({ name: 'none', permissions: ['teams:view'] })
    const token = await roles.issue({ roleId: role.id })
    expect((await get('groupBy=MODEL', token)).status).toBe(403)
  })

  it('tells nothing without a token', async () => {
    expect((await get('groupBy=MODEL', 'ghat.wrong')).status).toBe(401)
  })

  it('is refused to a token of another organization than the one that the request names', async () => {
    const headers = { authorization: `Bearer ${tenant.token}`, 'x-gatehouse-organization': 'org_other' }
    const response = await fetch(`${api.controlPlane.url}/usage.csv?groupBy=MODEL`, { headers })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { type: 'tenant_mismatch' } })
  })

  it('has no cell that a spreadsheet runs, and gives every other back', () => {
    const text = fc.string({ unit: fc.constantFrom('=', '+', '-', '@', '\t', ',', '"', 'a', ' ') })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [cells = []] = parse(`x,${csvCell(a)},${csvCell(b)}\r\n`)
        const inert = (value: string) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value)
        expect(cells).toEqual(['x', inert(a), inert(b)])
      }),
    )
  })
})
