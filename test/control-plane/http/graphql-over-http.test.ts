import { auditServer } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findingsOf } from '../../graphql-cop.ts'
import { startApi, type TestApi } from '../api.ts'

let api: TestApi
let url: string
let authorization: string

beforeAll(async () => {
  api = await startApi()
  url = `${api.controlPlane.url}/graphql`
  authorization = `Bearer ${(await api.createTenant('Acme')).token}`
})

afterAll(() => api.close())

describe('the GraphQL API', () => {
  it('speaks GraphQL over HTTP: all 61 audits of graphql-http, asked as a client with a token', async () => {
    const results = await auditServer({
      url,
      fetchFn: (target: string, init?: RequestInit) =>
        fetch(target, { ...init, headers: { ...init?.headers, authorization } }),
    })
    expect(results.filter(({ status }) => status !== 'ok').map(({ name }) => name)).toEqual([])
    expect(results).toHaveLength(61)
  })

  it('gives graphql-cop nothing to find without a token', async () => {
    expect(await findingsOf(url)).toEqual([])
  })

  it('with a token shows the schema and answers reads by GET; nothing else that graphql-cop looks for', async () => {
    // A browser sends no bearer token unasked: what the tool suspects, a forged request, is anonymous here.
    const granted = ['field_suggestions', 'introspection', 'get_method_support']
    expect(await findingsOf(url, { authorization })).toEqual(granted)
  })

  it('hides the schema from everybody when introspection is off, and the page that needs it', async () => {
    const closed = await startApi({ graphql: { introspection: false } })
    const { token } = await closed.createTenant('Acme')
    const target = closed.controlPlane.url
    const findings = await findingsOf(`${target}/graphql`, { authorization: `Bearer ${token}` })
    expect(findings).toEqual(['get_method_support'])
    expect((await closed.ask(token, '{ viewer { nam } }')).errors[0]?.message).toBe(
      'Cannot query field "nam" on type "Viewer".',
    )
    expect((await fetch(`${target}/graphiql`)).status).toBe(404)
    await closed.close()
  })
})
