import { describe, expect, it } from 'vitest'
import { isForeign, translateForeign } from '../../../cli/configuration-file/bifrost.ts'
import { parseSource } from '../../../cli/configuration-file/read-file.ts'
import { findFormProblems } from '../../../contract/configuration-file/problems.ts'
import { bifrostSample } from './bifrost-sample.ts'

function translate(snippet: object) {
  expect(isForeign(snippet)).toBe(true)
  const translation = translateForeign(snippet)
  expect(findFormProblems(translation.document)).toEqual([])
  return { ...translation, paths: translation.notices.map(({ path }) => path) }
}

describe('the snippets of the security hardening guide', () => {
  it('authentication is always enforced, so the switch needs no counterpart', () => {
    const { document, notices } = translate({ client: { enforce_auth_on_inference: true } })
    expect(document).toEqual({ version: 1 })
    expect(notices).toEqual([])
  })

  it('the former switches are told by their present name [S1-23]', () => {
    const { notices } = translate({ client: { enforce_governance_header: true, enforce_scim_auth: false } })
    const [header, scim] = notices
    expect(header?.path).toBe('/client/enforce_governance_header')
    expect(scim?.path).toBe('/client/enforce_scim_auth')
    for (const { message } of notices) expect(message).toContain('"enforce_auth_on_inference"')
  })

  it('direct keys are refused by name: a file that needs them is not left without [S1-27]', () => {
    const { refusals } = translate({ client: { allow_direct_keys: true } })
    expect(refusals).toEqual([
      { path: '/client/allow_direct_keys', message: expect.stringContaining('was removed') },
    ])
    expect(translate({ client: { allow_direct_keys: false } }).refusals).toEqual([])
    expect(findFormProblems({ version: 1, clientConfiguration: { allow_direct_keys: true } })).toEqual([
      {
        path: '/clientConfiguration/allow_direct_keys',
        message: expect.stringContaining('"allow_direct_keys" was removed'),
      },
    ])
  })

  it('origins and headers are taken over', () => {
    const { document, notices } = translate({
      client: {
        allowed_origins: ['https://app.example.com', 'https://internal-dashboard.example.com'],
        allowed_headers: ['Authorization', 'Content-Type', 'X-Bifrost-Virtual-Key', 'X-Request-Id'],
      },
    })
    expect(document).toMatchObject({
      clientConfiguration: {
        allowedOrigins: ['https://app.example.com', 'https://internal-dashboard.example.com'],
        allowedHeaders: ['Authorization', 'Content-Type', 'X-Bifrost-Virtual-Key', 'X-Request-Id'],
      },
    })
    expect(notices).toEqual([])
  })

  it('the header filter is taken over; without an allowlist it stays closed, with a notice', () => {
    const allowlist = ['x-bf-eh-anthropic-beta', 'x-bf-eh-anthropic-version', 'x-bf-eh-x-trace-id']
    const denylist = ['x-bf-eh-cookie', 'x-bf-eh-proxy-authorization', 'x-bf-eh-host']
    const filter = translate({ client: { header_filter_config: { allowlist, denylist } } })
    expect(filter.document).toMatchObject({
      clientConfiguration: { headerFilter: { allowlist, denylist, forwardDirect: true } },
    })
    const open = translate({ client: { header_filter_config: { denylist } } })
    expect(open.document).toEqual({ version: 1, clientConfiguration: { headerFilter: { denylist } } })
    expect(open.paths).toEqual(['/client/header_filter_config/allowlist'])
  })

  it('required headers are taken over, as names or with their values [X0-28]', () => {
    const names = translate({ client: { required_headers: ['X-App'] } })
    expect(names.document).toMatchObject({
      clientConfiguration: { requiredHeaders: [{ name: 'X-App', pattern: '*' }] },
    })
    const { document, paths } = translate({
      client: { required_headers: { 'x-team': 'team-.*', 'x-secret': 'env.SECRET' } },
    })
    expect(document).toMatchObject({
      clientConfiguration: {
        requiredHeaders: [
          { name: 'x-team', pattern: 'team-.*' },
          { name: 'x-secret', pattern: '*' },
        ],
      },
    })
    expect(paths).toEqual(['/client/required_headers/x-secret'])
  })

  it('configuration of another product is left out with a notice for each part', () => {
    const providers = [{ type: 'api_key', header_name: 'X-API-Key' }]
    const { document, paths } = translate({
      enterprise: { enabled: true, security: { authentication: { providers } } },
    })
    expect(document).toEqual({ version: 1 })
    expect(paths).toEqual(['/enterprise/security/authentication'])
  })
})

describe('the roles of an enterprise section [S3-13]', () => {
  it('are taken over with the permissions that there are, the rest is told', () => {
    const roles = [
      { name: 'admin', permissions: ['*'] },
      { name: 'user', permissions: ['agent:read', 'agent:execute'] },
      { name: 'operator', permissions: ['teams:*', 'agent:read'] },
      { name: 'owner', permissions: ['*'] },
    ]
    const { document, paths } = translate({ enterprise: { security: { rbac: { enabled: true, roles } } } })
    expect(document).toEqual({
      version: 1,
      roles: [
        { name: 'user', permissions: [] },
        { name: 'operator', permissions: ['teams:*'] },
        { name: 'owner', permissions: ['*'] },
      ],
    })
    const section = '/enterprise/security/rbac/roles'
    expect(paths).toEqual([`${section}/0/name`, `${section}/1/permissions`, `${section}/2/permissions`])
  })
})

describe('former names [X1-01, X1-02]', () => {
  const key = (config: object) => ({
    providers: { openai: { keys: [] } },
    governance: { virtual_keys: [{ name: 'k', provider_configs: [{ provider: 'openai', ...config }] }] },
  })
  const configOf = (document: unknown) => {
    const { virtualKeys } = document as { virtualKeys: { providers: object[] }[] }
    return virtualKeys[0]?.providers[0]
  }

  it('allowed_keys becomes keys and budget becomes the budget, with notices', () => {
    const { document, paths } = translate(
      key({
        allowed_models: ['gpt-4o'],
        allowed_keys: ['primary'],
        budget: { max_limit: 5, reset_duration: '1d', calendar_aligned: true },
      }),
    )
    expect(configOf(document)).toMatchObject({
      models: ['gpt-4o'],
      keys: ['primary'],
      budgets: [{ limitUsd: 5, period: 'DAY' }],
    })
    const config = '/governance/virtual_keys/0/provider_configs/0'
    expect(paths).toEqual(expect.arrayContaining([`${config}/allowed_keys`, `${config}/budget`]))
  })

  it.each([
    ['5m', 'FIVE_MINUTES'],
    ['1h', 'HOUR'],
    ['1Q', 'QUARTER'],
    ['1Y', 'YEAR'],
  ])('a budget for %s rolls unless it is aligned with the calendar', (reset_duration, period) => {
    const budget = { max_limit: 5, reset_duration }
    expect(configOf(translate(key({ budgets: [budget] })).document)).toMatchObject({
      budgets: [{ limitUsd: 5, period, window: { alignment: 'ROLLING' } }],
    })
    const aligned = translate(key({ budgets: [{ ...budget, calendar_aligned: true }] }))
    expect(configOf(aligned.document)).toMatchObject({ budgets: [{ limitUsd: 5, period }] })
  })

  it.each([
    ['1m', [{ maxRequests: 2, maxTokens: 900, windowSeconds: 60 }]],
    [
      '1h',
      [
        { maxRequests: 2, windowSeconds: 60 },
        { maxTokens: 900, windowSeconds: 3_600 },
      ],
    ],
    ['1Y', [{ maxRequests: 2, windowSeconds: 60 }]],
  ])(
    'a rate limit with tokens for %s becomes limits of requests and tokens',
    (token_reset_duration, limits) => {
      const requests = { request_max_limit: 2, request_reset_duration: '1m' }
      const rate_limit = { ...requests, token_max_limit: 900, token_reset_duration }
      expect(configOf(translate(key({ rate_limit })).document)).toMatchObject({ requestLimits: limits })
    },
  )

  it('an empty list of the first form meant all, and is written so; later it means none', () => {
    const lists = { allowed_models: [], key_ids: [] }
    const first = translate({ version: 1, ...key(lists) })
    expect(configOf(first.document)).toMatchObject({ models: ['*'], keys: ['*'] })
    expect(first.paths).toContain('/governance/virtual_keys/0/provider_configs/0/allowed_models')
    expect(configOf(translate(key(lists)).document)).toMatchObject({ models: [], keys: [] })
  })

  it('a key without an owner gets one, and a secret in clear leaves the document', () => {
    const { document, secrets, paths } = translate({
      governance: { virtual_keys: [{ name: 'alice', value: 'vk-alice-personal' }] },
    })
    expect(document).toMatchObject({
      customers: [{ name: 'Imported' }],
      virtualKeys: [
        { name: 'alice', owner: { customer: 'Imported' }, secret: '$IMPORTED_VIRTUAL_KEY_ALICE' },
      ],
    })
    expect([...secrets]).toEqual([['IMPORTED_VIRTUAL_KEY_ALICE', 'vk-alice-personal']])
    expect(paths).toContain('/governance/virtual_keys/0/value')
  })

  it('every place that a notice names is in the file', () => {
    const text = JSON.stringify(bifrostSample('http://127.0.0.1:4010/v1'), null, 2)
    const source = parseSource('config.json', text)
    const { notices } = translateForeign(source.document)
    expect(notices.length).toBeGreaterThan(5)
    for (const { path } of notices) {
      const [, line = ''] = source.placeOf(path).split(':')
      expect(text.split('\n')[Number(line) - 1]).toContain(`"${path.split('/').at(-1)}"`)
    }
  })

  it('a file of ours is never taken for one of theirs', () => {
    expect(isForeign({ version: 1, customers: [], client: {} })).toBe(false)
    expect(isForeign({ version: 1, providers: [] })).toBe(false)
    expect(isForeign({ version: 1 })).toBe(false)
  })
})
