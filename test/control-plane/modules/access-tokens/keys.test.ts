import { afterAll, beforeAll, expect, it } from 'vitest'
import { keepKeys, readSigningKey } from '../../../../control-plane/modules/access-tokens/keys.ts'
import { startApi, type Tenant, type TestApi } from '../../api.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
let api: TestApi
let tenant: Tenant
let now = Date.now()

beforeAll(async () => {
  api = await startApi({ now: () => now })
  tenant = await api.createTenant('Acme')
})
afterAll(() => api.close())

function inTenant<T>(work: Parameters<TestApi['controlPlane']['database']['transaction']>[1]): Promise<T> {
  return api.controlPlane.database.transaction(tenant.organizationId, work) as Promise<T>
}
const keep = () =>
  inTenant<{ id: string }[]>((em) => keepKeys(api.controlPlane.services, em, tenant.organizationId))
const signer = async () =>
  (
    await inTenant<{ id: string }>((em) =>
      readSigningKey(api.controlPlane.services, em, tenant.organizationId),
    )
  ).id

async function told(): Promise<string[]> {
  const [row] = await inTenant<{ document: { keys: { kid: string }[] } }[]>((em) =>
    em.execute(`select document from config_entities where kind = 'token_issuer'`),
  )
  return row?.document.keys.map(({ kid }) => kid) ?? []
}

it('a key is told to data planes before it signs, and stays as long as its tokens may be about', async () => {
  const first = await signer()
  expect(await told()).toEqual([first])
  now += 30 * dayMs
  const [, second] = (await keep()).map(({ id }) => id)
  expect(await told()).toEqual([first, second])
  expect(await signer()).toBe(first)
  now += 10 * minuteMs
  expect(await signer()).toBe(second)
  expect(await told()).toEqual([first, second])
  now += 50 * minuteMs
  await keep()
  expect(await told()).toEqual([second])
})

it('that everybody was signed out stays told when keys change', async () => {
  const notBefore = () =>
    inTenant<{ notBefore: number }[]>((em) =>
      em.execute(`select (document ->> 'notBefore')::bigint as "notBefore" from config_entities
        where kind = 'token_issuer'`),
    ).then(([row]) => Number(row?.notBefore))
  await api.ask(tenant.token, 'mutation { revokeAllSessions(input: {}) { before } }')
  expect(await notBefore()).toBe(now)
  now += 30 * dayMs
  await keep()
  expect(await notBefore()).toBe(now - 30 * dayMs)
})

it('two who want the first key make one', async () => {
  tenant = await api.createTenant('Two')
  const [one, other] = await Promise.all([signer(), signer()])
  expect(one).toBe(other)
})

it('the private half is in no column in clear', async () => {
  const rows = await inTenant<{ sealed: string; publicKey: object }[]>((em) =>
    em.execute('select sealed_private_key as sealed, public_key as "publicKey" from access_token_keys'),
  )
  expect(rows.every(({ sealed }) => sealed.startsWith('gh1.'))).toBe(true)
  expect(JSON.stringify(rows)).not.toContain('"d"')
})
