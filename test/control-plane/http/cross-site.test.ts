import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type Tenant, type TestApi } from '../api.ts'

let api: TestApi
let tenant: Tenant
let other: Tenant

beforeAll(async () => {
  api = await startApi()
  tenant = await api.createTenant('Acme')
  other = await api.createTenant('Other')
})

afterAll(() => api.close())

const body = JSON.stringify({ query: '{ viewer { organization { id } } }' })

async function send(
  headers: Record<string, string>,
  init: RequestInit = { method: 'POST', body },
  path = '',
) {
  const authorization = `Bearer ${tenant.token}`
  const response = await fetch(`${api.controlPlane.url}/graphql${path}`, {
    ...init,
    headers: { authorization, ...headers },
  })
  const answer = (await response.json()) as {
    data?: unknown
    errors?: { extensions: Record<string, unknown> }[]
  }
  return {
    status: response.status,
    headers: response.headers,
    data: answer.data,
    error: answer.errors?.[0]?.extensions,
  }
}

describe('what a page of another site can make a browser send', () => {
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'a form is refused: %s',
    async (type) => {
      const { status, data, error } = await send({ 'content-type': type })
      expect({ status, data, code: error?.code }).toEqual({
        status: 415,
        data: undefined,
        code: 'UNSUPPORTED_MEDIA_TYPE',
      })
    },
  )

  it('a GET is refused without a header that browsers ask for first, and changes nothing with it', async () => {
    const get = (text: string, headers: Record<string, string>) =>
      send(headers, { method: 'GET' }, `?query=${encodeURIComponent(text)}`)
    const read = '{ viewer { organization { id } } }'
    for (const authorization of ['', 'Basic dXNlcjpwYXNz', 'Negotiate YII']) {
      const bare = await get(read, { authorization })
      expect([bare.status, bare.error?.code]).toEqual([403, 'CROSS_SITE_REQUEST'])
    }
    const preflighted = await get(read, { authorization: '', 'apollo-require-preflight': 'true' })
    expect(preflighted.status).toBe(401)
    expect((await get(read, {})).data).toEqual({ viewer: { organization: { id: tenant.organizationId } } })
    const change = 'mutation { revokeApiToken(input: { id: "" }) { __typename } }'
    expect((await get(change, {})).status).toBe(405)
  })

  it('JSON passes, with or without a charset', async () => {
    for (const type of ['application/json', 'application/json; charset=utf-8']) {
      expect((await send({ 'content-type': type })).status).toBe(200)
    }
  })

  it('no other origin is allowed', async () => {
    const { headers } = await send({ 'content-type': 'application/json', origin: 'https://attacker.example' })
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('the header that names an organization', () => {
  it.each(['x-gatehouse-organization', 'x-tenant-id'])(
    '%s must be the token’s, and never selects one [S3-41]',
    async (header) => {
      const json = { 'content-type': 'application/json' }
      const own = await send({ ...json, [header]: tenant.organizationId })
      expect(own.data).toEqual({ viewer: { organization: { id: tenant.organizationId } } })
      for (const claimed of [other.organizationId, 'org_nobody', '']) {
        const { status, data, error } = await send({ ...json, [header]: claimed })
        expect({ status, data, type: error?.type }).toEqual({
          status: 403,
          data: undefined,
          type: 'tenant_mismatch',
        })
      }
      const alone = await send({ ...json, authorization: '', [header]: tenant.organizationId })
      expect([alone.status, alone.error?.type]).toEqual([401, 'authentication_required'])
      expect(alone.headers.get('www-authenticate')).toBe('Bearer')
    },
  )
})
