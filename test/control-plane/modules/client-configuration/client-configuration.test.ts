import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'

const fields = 'allowedOrigins allowedHeaders headerFilter { allowlist denylist forwardDirect }'
const update: Mutation = {
  field: 'updateClientConfiguration',
  input: 'UpdateClientConfigurationInput',
  selection: fields,
  refuses: false,
}

let context: TenantApi
beforeAll(async () => {
  context = await startTenantApi()
})
afterAll(() => context.close())

describe('the client configuration', () => {
  it('begins closed: no origin, nothing forwarded, cookies and tracing denied [S1-02]', async () => {
    const { clientConfiguration } = await context.query<{ clientConfiguration: object }>(
      `{ clientConfiguration { ${fields} } }`,
    )
    expect(clientConfiguration).toMatchObject({ allowedOrigins: [], headerFilter: { allowlist: [] } })
    expect(clientConfiguration).toHaveProperty(
      'headerFilter.denylist',
      expect.arrayContaining(['cookie', 'host', 'proxy-authorization', 'traceparent', 'x-forwarded-*']),
    )
    expect(await context.configured('client_configuration')).toHaveLength(1)
  })

  it('takes header names in both notations and any case [C3]', async () => {
    const headerFilter = {
      allowlist: ['x-bf-eh-Anthropic-Beta', 'anthropic-beta', 'X-BF-EH-x-trace-*', '*'],
      denylist: ['x-bf-eh-COOKIE'],
      forwardDirect: true,
    }
    const answer = await context.mutate(update, { headerFilter })
    expect(answer.headerFilter).toEqual({
      allowlist: ['anthropic-beta', 'x-trace-*', '*'],
      denylist: ['cookie'],
      forwardDirect: true,
    })
  })

  it('changes only what is given, and tells null from an empty list [C4]', async () => {
    await context.mutate(update, {
      allowedOrigins: ['https://App.Example.com:443', 'http://localhost:3000'],
      headerFilter: { denylist: ['cookie'] },
    })
    const answer = await context.mutate(update, { headerFilter: { allowlist: null } })
    expect(answer).toMatchObject({
      allowedOrigins: ['https://app.example.com', 'http://localhost:3000'],
      headerFilter: { allowlist: null, denylist: ['cookie'] },
    })
    const [told] = await context.configured('client_configuration')
    expect(told?.headerFilter).toMatchObject({ allowlist: null, denylist: ['cookie'] })
  })

  it.each([
    [{ allowedOrigins: ['*', 'https://a.example'] }, /^allowedOrigins: "\*" admits every origin/],
    [{ allowedOrigins: ['https://*.example.com'] }, /^allowedOrigins\[0\]: .* wildcard/],
    [{ allowedOrigins: ['https://a.example/path'] }, /^allowedOrigins\[0\]: .* more than an origin/],
    [{ allowedOrigins: ['https://a.example/'] }, /^allowedOrigins\[0\]: .* more than an origin/],
    [{ allowedOrigins: ['https://u:p@a.example'] }, /^allowedOrigins\[0\]: .* more than an origin/],
    [{ allowedOrigins: ['null'] }, /^allowedOrigins\[0\]: "null" is not an http or https origin/],
    [{ allowedHeaders: ['x a'] }, /^allowedHeaders\[0\]: "x a" is no header name/],
    [{ allowedHeaders: ['*'] }, /^allowedHeaders\[0\]: .* wildcard/],
    [{ headerFilter: { allowlist: ['a*b'] } }, /^headerFilter\.allowlist\[0\]: .* only a trailing one/],
    [{ headerFilter: { denylist: ['x-bf-eh-'] } }, /^headerFilter\.denylist\[0\]: .* prefix alone/],
  ])('%j is refused with the field, the value and the way out', async (input, message) => {
    expect(await context.refusal(update, input)).toMatch(message)
  })

  it('every origin is admitted by "*" alone', async () => {
    expect(await context.mutate(update, { allowedOrigins: ['*'] })).toMatchObject({ allowedOrigins: ['*'] })
  })
})
