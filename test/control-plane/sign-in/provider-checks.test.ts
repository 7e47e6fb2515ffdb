import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { ProviderSettings } from '../../../control-plane/sign-in/provider-settings.ts'
import { selfSigned } from '../../plugins/provider/http1/certificate.ts'
import { rsaPair } from './forged-tokens.ts'
import { redirectUri } from './identity-provider.ts'
import { partyOf, provider, signIn, startProviderForEach } from './relying-party-setup.ts'

startProviderForEach()

describe('a provider is not trusted', () => {
  it.each<[string, Partial<ProviderSettings>]>([
    ['whose issuer differs in a slash', { issuer: '/' }],
    ['of Entra whose issuer is of no tenant', { kind: 'entra' }],
  ])('%s', async (_, { issuer = '', ...more }) => {
    const party = partyOf({ ...more, issuer: `${provider.issuer}${issuer}` })
    await expect(party.begin(redirectUri)).rejects.toMatchObject({ code: 'provider_misconfigured' })
    expect(provider.asked).not.toContain('/token')
  })

  it.each<[string, object]>([
    ['that calls itself by another issuer', { issuer: 'https://evil.example' }],
    ['whose sign-in page is a script', { authorization_endpoint: 'javascript:alert(1)' }],
    ['without a token endpoint', { token_endpoint: undefined }],
    ['whose keys are in a file', { jwks_uri: 'file:///etc/passwd' }],
  ])('%s', async (_, members) => {
    provider.replaced.set('/.well-known/openid-configuration', ({ body }) => ({
      body: { ...JSON.parse(body), ...members },
    }))
    await expect(partyOf().begin(redirectUri)).rejects.toMatchObject({ code: 'provider_misconfigured' })
  })

  it('whose keys are said to be at the machine’s credentials', async () => {
    provider.replaced.set('/.well-known/openid-configuration', ({ body }) => ({
      body: { ...JSON.parse(body), jwks_uri: 'http://169.254.169.254/latest' },
    }))
    await expect(signIn(partyOf())).rejects.toMatchObject({ code: 'provider_unavailable' })
  })

  it('that is in a private network which is not listed', async () => {
    await expect(partyOf({ trustedNetworks: [] }).begin(redirectUri)).rejects.toMatchObject({
      code: 'provider_unavailable',
      cause: { name: 'OutboundRefused' },
    })
    expect(provider.asked).toEqual([])
  })

  it.each([
    ['/.well-known/openid-configuration', 'provider_unavailable'],
    ['/jwks', 'provider_unavailable'],
  ])('whose %s is larger than 64 KiB', async (path, code) => {
    const filler = 'x'.repeat(64 * 1024)
    provider.replaced.set(path, ({ body }) => ({ body: { ...JSON.parse(body), filler } }))
    await expect(signIn(partyOf())).rejects.toMatchObject({ code, cause: { name: 'OutboundRefused' } })
  })

  it('for longer than its failure lasts', async () => {
    const party = partyOf()
    provider.replaced.set('/.well-known/openid-configuration', () => ({ status: 500, body: {} }))
    await expect(party.begin(redirectUri)).rejects.toMatchObject({ code: 'provider_unavailable' })
    provider.replaced.clear()
    await expect(party.begin(redirectUri)).resolves.toBeDefined()
  })
})

describe('settings are verified', () => {
  const verify = async (more: Partial<ProviderSettings> = {}) => {
    const checks = await partyOf(more).verify(redirectUri)
    return checks.map(({ name, ok, message }) => [name, ok, message])
  }

  it('as working when all works', async () => {
    expect(await verify()).toEqual([
      ['discovery', true, `The provider is ${provider.issuer}`],
      ['jwks', true, expect.stringContaining('can be used: 1')],
      ['client_auth', true, expect.stringContaining('knows the client')],
    ])
  })

  it('as not working with another secret', async () => {
    expect(await verify({ clientSecret: 'x' })).toContainEqual([
      'client_auth',
      false,
      expect.stringContaining('invalid_client'),
    ])
  })

  it('as not working without keys', async () => {
    provider.replaced.set('/jwks', () => ({ body: { keys: [rsaPair('weak', 1024).jwk] } }))
    expect(await verify()).toContainEqual(['jwks', false, expect.stringContaining('2048')])
  })

  it('as not working in a network that is not trusted, with the way out', async () => {
    expect(await verify({ trustedNetworks: [] })).toEqual([
      ['discovery', false, expect.stringContaining('trustedNetworks')],
      ['jwks', false, expect.stringContaining('Not tried')],
      ['client_auth', false, expect.stringContaining('Not tried')],
    ])
  })

  it('as not working with a certificate of nobody, with the reason', async () => {
    const server = createServer(selfSigned('localhost'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect((await verify({ issuer }))[0]).toEqual(['discovery', false, expect.stringMatching(/SELF_SIGNED/)])
    server.close()
  })

  it('as not working when the provider’s answers make no sense', async () => {
    provider.replaced.set('/.well-known/openid-configuration', ({ body }) => ({
      body: { ...JSON.parse(body), token_endpoint_auth_methods_supported: 1 },
    }))
    expect(await verify()).toContainEqual(['client_auth', false, expect.stringContaining('understood')])
  })

  it('as not working when nobody answers', async () => {
    await provider.close()
    expect((await verify())[0]).toEqual(['discovery', false, expect.stringContaining('ECONNREFUSED')])
  })
})
