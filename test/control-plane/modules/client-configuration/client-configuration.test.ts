import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RawEntity, readEntity } from '../../../../contract/configuration/reading.ts'
import { type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'

const fields = `version allowedOrigins allowedHeaders headerFilter { allowlist denylist forwardDirect }
  requiredHeaders { name pattern } ipAllowlist trustedProxies requireApprovalForHeaderChanges
  maxStalenessSeconds showBudgetAmounts rolesGovernInference acceptedCredentials`
const update: Mutation = {
  field: 'updateClientConfiguration',
  input: 'UpdateClientConfigurationInput',
  selection: `... on ClientConfiguration { ${fields} }`,
}

const required = (name: string, pattern: string) => ({ requiredHeaders: [{ name, pattern }] })

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
    [required('x a', '*'), /^requiredHeaders\[0\]\.name: "x a" is no header name/],
    [required('x-*', '*'), /^requiredHeaders\[0\]\.name: .* wildcard/],
    [required('Authorization', '*'), /^requiredHeaders\[0\]\.name: "Authorization" carries credentials/],
    [required('X-BF-EH-Cookie', '*'), /^requiredHeaders\[0\]\.name: .* carries credentials/],
    [required('x-api-key', '*'), /^requiredHeaders\[0\]\.name: .* carries credentials/],
    [required('x-team', '(?=a)b'), /^requiredHeaders\[0\]\.pattern: "\(\?=a\)b" is no pattern: .*RE2/],
    [required('x-team', '(.{0,50}){0,18}'), /^requiredHeaders\[0\]\.pattern: .* too large/],
    [required('x-team', ''), /^requiredHeaders\[0\]\.pattern: .* empty/],
    [required('x-team', 'env.TEAM'), /^requiredHeaders\[0\]\.pattern: .* environment/],
    [
      { requiredHeaders: [...required('X-Team', '*').requiredHeaders, { name: 'x-team', pattern: 'a' }] },
      /^requiredHeaders\[1\]\.name: names "x-team" twice/,
    ],
    [
      { requiredHeaders: Array.from({ length: 17 }, (_, index) => ({ name: `x-${index}`, pattern: '*' })) },
      /^requiredHeaders: must have at most 16 entries, not 17/,
    ],
    [{ ipAllowlist: ['10.0.0.0/8', '10.1.2.3/8'] }, /^ipAllowlist\[1\]: "10\.1\.2\.3\/8" has bits beyond/],
    [{ trustedProxies: ['proxy.internal'] }, /^trustedProxies\[0\]: "proxy\.internal" is no network: write/],
    [
      { ipAllowlist: Array.from({ length: 201 }, (_, index) => `10.0.0.${index}`) },
      /^ipAllowlist: must have at most 200 entries, not 201/,
    ],
    [{ acceptedCredentials: [] }, /^acceptedCredentials: must name at least one of API_TOKEN, JWT, SESSION/],
    [{ acceptedCredentials: ['JWT', 'API_TOKEN', 'JWT'] }, /^acceptedCredentials\[2\]: names "JWT" twice/],
    [{ maxStalenessSeconds: 9 }, /^maxStalenessSeconds: must be an integer from 10 to 2592000, not 9/],
    [{ maxStalenessSeconds: 2_592_001 }, /^maxStalenessSeconds: must be an integer from 10 to 2592000/],
  ])('%j is refused with the field, the value and the way out', async (input, message) => {
    expect(await context.refusal(update, input)).toMatch(message)
  })

  it('keeps required headers and networks in one notation, and tells data planes of them', async () => {
    const answer = await context.mutate(update, {
      requiredHeaders: [
        { name: 'X-Team', pattern: 'team-\\d+' },
        { name: 'X-App', pattern: '*' },
      ],
      ipAllowlist: ['10.0.0.0/8', '2001:DB8:0::/32', '192.0.2.7', '192.0.2.7'],
      trustedProxies: ['2001:db8::1'],
    })
    const kept = {
      requiredHeaders: [
        { name: 'x-app', pattern: '*' },
        { name: 'x-team', pattern: 'team-\\d+' },
      ],
      ipAllowlist: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'],
      trustedProxies: ['2001:db8::1'],
    }
    expect(answer).toMatchObject(kept)
    expect(await context.configured('client_configuration')).toMatchObject([kept])
  })

  it('tells data planes how old it may become, and needs nobody’s approval for that', async () => {
    expect(await context.mutate(update, { maxStalenessSeconds: 60 })).toMatchObject({
      maxStalenessSeconds: 60,
    })
    expect(await context.configured('client_configuration')).toMatchObject([{ maxStalenessSeconds: 60 }])
    expect(await context.mutate(update, { allowedOrigins: [] })).toMatchObject({ maxStalenessSeconds: 60 })
    expect(await context.mutate(update, { maxStalenessSeconds: null })).toMatchObject({
      maxStalenessSeconds: null,
    })
  })

  it('lets roles govern inference once somebody says so, which no data plane may skip [X0-02]', async () => {
    expect(await context.mutate(update, { allowedOrigins: [] })).toMatchObject({
      rolesGovernInference: false,
    })
    const [off] = await context.configured('client_configuration')
    expect(off).not.toHaveProperty('rolesGovernInference')
    const on = { rolesGovernInference: true }
    expect(await context.mutate(update, on)).toMatchObject(on)
    const [told] = await context.configured('client_configuration')
    expect(told).toMatchObject(on)
    // To a release that does not know it, it is this: it keeps the configuration from before.
    const { rolesGovernInference, ...known } = { ...told, rolesGovernInference: true }
    const unknown = { ...known, governsAsNobodyKnows: rolesGovernInference } as unknown as RawEntity
    expect(() => readEntity(unknown)).toThrow('unknown member')
    await context.mutate(update, { rolesGovernInference: false })
    expect(await context.configured('client_configuration')).toEqual([off])
  })

  it('keeps kinds of credentials in one order, and tells data planes nothing of them [S3-07]', async () => {
    const [told] = await context.configured('client_configuration')
    const some = { acceptedCredentials: ['SESSION', 'API_TOKEN'] }
    const kept = { acceptedCredentials: ['API_TOKEN', 'SESSION'] }
    expect(await context.mutate(update, some)).toMatchObject(kept)
    expect(await context.mutate(update, { acceptedCredentials: null })).toMatchObject(kept)
    expect(await context.configured('client_configuration')).toEqual([told])
    await context.mutate(update, { acceptedCredentials: ['API_TOKEN', 'JWT', 'SESSION'] })
    expect(await context.audited('client_configuration.updated')).toMatchObject({
      ...{ before: kept, after: { acceptedCredentials: ['API_TOKEN', 'JWT', 'SESSION'] } },
    })
  })

  it('shows callers no money until somebody says so, which a data plane that does not know it may skip', async () => {
    expect(await context.mutate(update, { allowedOrigins: [] })).toMatchObject({ showBudgetAmounts: false })
    expect(await context.mutate(update, { showBudgetAmounts: true })).toMatchObject({
      showBudgetAmounts: true,
    })
    expect(await context.configured('client_configuration')).toMatchObject([
      { showBudgetAmounts: true, advisory: ['showBudgetAmounts'] },
    ])
    await context.mutate(update, { showBudgetAmounts: false })
  })

  it('what asks for nothing is not in the document, which a data plane of the release before can read', async () => {
    await context.mutate(update, { requiredHeaders: null, ipAllowlist: null, trustedProxies: [] })
    const [told] = await context.configured('client_configuration')
    expect(Object.keys(told ?? {}).sort()).toEqual([
      ...['allowedHeaders', 'allowedOrigins', 'headerFilter', 'id', 'kind'],
    ])
  })

  it('is not changed by somebody who has read an older version', async () => {
    const { version } = await context.mutate(update, { allowedOrigins: ['https://a.example'] })
    const input = { allowedOrigins: ['https://b.example'], expectedVersion: version }
    expect(await context.mutate(update, input)).toMatchObject({ version: Number(version) + 1 })
    const late = { allowedOrigins: ['https://c.example'], expectedVersion: version }
    expect(await context.mutate(update, late)).toMatchObject({ code: 'STALE_UPDATE' })
    const { clientConfiguration } = await context.query<{ clientConfiguration: object }>(
      `{ clientConfiguration { ${fields} } }`,
    )
    expect(clientConfiguration).toMatchObject({ allowedOrigins: ['https://b.example'] })
  })

  it('every origin is admitted by "*" alone', async () => {
    expect(await context.mutate(update, { allowedOrigins: ['*'] })).toMatchObject({ allowedOrigins: ['*'] })
  })
})
