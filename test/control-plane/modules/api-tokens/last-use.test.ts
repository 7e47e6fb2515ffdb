import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type Tenant, type TestApi } from '../../api.ts'

let nowMs = Date.parse('2026-03-01T12:00:00Z')
let api: TestApi
let tenant: Tenant
beforeAll(async () => {
  api = await startApi({ now: () => nowMs })
  tenant = await api.createTenant('Acme')
})
afterAll(() => api.close())

/** PostgreSQL names each version of a row by another place. */
async function written(): Promise<unknown[]> {
  return api.controlPlane.database.transaction(tenant.organizationId, (em) =>
    em.execute(
      'select ctid::text as place, extract(epoch from last_used_at)::float8 as "lastUsedAt" from api_token_uses',
    ),
  )
}
const use = () => api.ask(tenant.token, '{ viewer { name } }')

describe('the last use of an API token', () => {
  it('is written once a minute, however many requests there are at once', async () => {
    await Promise.all(Array.from({ length: 20 }, use))
    const first = await written()
    expect(first).toHaveLength(1)
    nowMs += 59_999
    await Promise.all(Array.from({ length: 20 }, use))
    expect(await written()).toEqual(first)
    nowMs += 1
    await use()
    expect(await written()).not.toEqual(first)
    expect(await written()).toMatchObject([{ lastUsedAt: nowMs / 1_000 }])
  })

  it('is not noted of a token that is refused', async () => {
    const before = await written()
    nowMs += 3_600_000
    await api.ask(`${tenant.token}x`, '{ viewer { name } }')
    expect(await written()).toEqual(before)
  })
})
