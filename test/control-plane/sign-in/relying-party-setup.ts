import { afterEach, beforeEach } from 'vitest'
import type { ProviderSettings } from '../../../control-plane/sign-in/provider-settings.ts'
import { RelyingParty, type SignedIn } from '../../../control-plane/sign-in/relying-party.ts'
import { forge, type KeyPair, rsaPair } from './forged-tokens.ts'
import {
  browser,
  clientId,
  clientSecret,
  type IdentityProvider,
  redirectUri,
  startIdentityProvider,
} from './identity-provider.ts'

export const first = rsaPair('key-1')
export const second = rsaPair('key-2')
/** That of the test that runs. */
export let provider: IdentityProvider
let aheadMs = 0
export const now = () => Date.now() + aheadMs

/** A real provider for each test of the file that calls this. */
export function startProviderForEach(): void {
  beforeEach(async () => {
    aheadMs = 0
    provider = await startIdentityProvider([first], { claims: { groups: ['devs'] } })
  })
  afterEach(() => provider.close())
}

/** In place of the one that is there. */
export async function restartProvider(...of: Parameters<typeof startIdentityProvider>): Promise<void> {
  await provider.close()
  provider = await startIdentityProvider(...of)
}

/** For us; the provider's tokens stay of the time that it is. */
export function passTime(ms: number): void {
  aheadMs += ms
}

export const settingsOf = (more: Partial<ProviderSettings> = {}): ProviderSettings => ({
  id: 'provider-1',
  kind: 'oidc',
  issuer: provider.issuer,
  clientId,
  clientSecret,
  scopes: ['openid', 'offline_access'],
  hostedDomain: null,
  endpoints: null,
  trustedNetworks: ['127.0.0.0/8'],
  ...more,
})
export const partyOf = (more: Partial<ProviderSettings> = {}) => new RelyingParty(settingsOf(more), { now })

/** A challenge and where it brings a browser that signs in. */
export async function answered(party: RelyingParty, options: Parameters<RelyingParty['begin']>[1] = {}) {
  const challenge = await party.begin(redirectUri, options)
  const callback = await browser().follow(challenge.url)
  return { callback, expected: { ...challenge, redirectUri, maxAgeSeconds: options.maxAgeSeconds } }
}

export async function signIn(party: RelyingParty): Promise<SignedIn> {
  const { callback, expected } = await answered(party)
  return party.finish(callback, expected)
}

/** Has the token endpoint answer with an ID token of our own making, signed with the provider's key. */
export function replaceIdToken(claims: object, header: object = {}, key: KeyPair = first) {
  provider.replaced.set('/token', ({ body }) => {
    const answer = JSON.parse(body)
    const own = JSON.parse(Buffer.from(answer.id_token.split('.')[1], 'base64url').toString())
    const id_token = forge({ alg: 'RS256', kid: 'key-1', ...header }, { ...own, ...claims }, key)
    return { body: { ...answer, id_token } }
  })
}
