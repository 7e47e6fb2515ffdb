import { describe, expect, it } from 'vitest'
import { type ProviderKind, providerKinds } from '../../../control-plane/sign-in/provider-kinds.ts'

const kinds = Object.entries(providerKinds)

const withIdTokens = kinds.filter(([, { hasIdTokens }]) => hasIdTokens)

describe('whatever kind a provider is of', () => {
  it.each(kinds)('%s, its tokens are signed asymmetrically', (_, { algorithms }) => {
    expect(algorithms).toEqual(['RS256', 'PS256', 'ES256', 'EdDSA'])
  })

  it.each(withIdTokens)('%s, it is asked for an identity', (_, { defaultScopes }) => {
    expect(defaultScopes).toContain('openid')
  })
})

it.each<[ProviderKind, string, boolean]>([
  ['entra', 'oid', false],
  ['google_workspace', 'sub', true],
  ['okta', 'sub', false],
  ['keycloak', 'sub', false],
  ['zitadel', 'sub', false],
  ['oidc', 'sub', false],
])('%s names a person in %s, and needs a domain: %s', (kind, subjectClaim, requiresHostedDomain) => {
  expect(providerKinds[kind]).toMatchObject({ subjectClaim, requiresHostedDomain })
})

it('Google gives a refresh token by parameters, all others by a scope', () => {
  const byScope = kinds.filter(([, { defaultScopes }]) => defaultScopes.includes('offline_access'))
  const byParameter = kinds.filter(([, row]) => row.authorizationParameters.access_type === 'offline')
  expect(byParameter.map(([kind]) => kind)).toEqual(['google_workspace'])
  expect(byScope).toHaveLength(withIdTokens.length - 1)
})
