import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Configuration, Provider } from 'oidc-provider'
import { vi } from 'vitest'
import type { KeyPair } from './forged-tokens.ts'

export const redirectUri = 'https://gatehouse.example/sign-in/provider-1/callback'
export const returnUri = 'https://gatehouse.example/signed-out'
export const clientId = 'gatehouse'
export const clientSecret = 'a secret with % and : of at least 32 bytes'

/** What a path is answered with in place of the provider's own answer. */
export type Replacement = (own: { readonly status: number; readonly body: string }) => {
  readonly status?: number
  readonly body: unknown
}

export interface IdentityProvider {
  readonly issuer: string
  /** The paths that were asked for, in order. */
  readonly asked: string[]
  readonly replaced: Map<string, Replacement>
  /** Bodies of what the provider sends by itself, such as logout tokens. */
  readonly sent: URLSearchParams[]
  /** Signs with other keys from now on; what it remembers stays. */
  rotate(...keys: readonly KeyPair[]): Promise<void>
  close(): Promise<void>
}

/** A real OpenID provider on the loopback device, at which `user-1` has just signed in. */
export async function startIdentityProvider(
  keys: readonly KeyPair[],
  {
    path = '',
    claims = {},
  }: { readonly path?: string; readonly claims?: Readonly<Record<string, unknown>> } = {},
): Promise<IdentityProvider> {
  const asked: string[] = []
  const replaced = new Map<string, Replacement>()
  const sent: URLSearchParams[] = []
  let answer: (request: IncomingMessage, response: ServerResponse) => unknown = () => undefined
  const server = createServer((request, response) => {
    const own = (request.url ?? '').slice(path.length)
    asked.push(own.split('?')[0] ?? '')
    // The provider knows by this where it is mounted.
    Object.assign(request, { originalUrl: request.url, url: own })
    const replacement = replaced.get(asked.at(-1) ?? '')
    if (replacement) replaceBody(response, replacement)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  const rotate = async (...keys: readonly KeyPair[]) => {
    const provider = await createProvider(issuer, keys, claims, sent)
    const callback = provider.callback()
    answer = (request, response) =>
      request.url?.startsWith('/interaction/')
        ? signIn(provider, request, response)
        : callback(request, response)
  }
  await rotate(...keys)
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return { issuer, asked, replaced, sent, rotate, close }
}

async function createProvider(
  issuer: string,
  keys: readonly KeyPair[],
  claims: Readonly<Record<string, unknown>>,
  sent: URLSearchParams[],
): Promise<Provider> {
  // It warns of what is as it should be in a test: a store in memory, and a Node that it does not know.
  const silenced = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'info')]
  for (const spy of silenced) spy.mockImplementation(() => undefined)
  try {
    const { Provider } = await import('oidc-provider')
    return new Provider(issuer, configuration(issuer, keys, claims, sent))
  } finally {
    for (const spy of silenced) spy.mockRestore()
  }
}

function configuration(
  issuer: string,
  keys: readonly KeyPair[],
  claims: Readonly<Record<string, unknown>>,
  sent: URLSearchParams[],
): Configuration {
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [returnUri],
        backchannel_logout_uri: 'https://gatehouse.example/logout',
        backchannel_logout_session_required: true,
        grant_types: ['authorization_code', 'refresh_token'],
        id_token_signed_response_alg: 'RS256',
      },
    ],
    jwks: {
      keys: keys.map(({ kid, privateKey }) => ({ ...privateKey.export({ format: 'jwk' }), kid, use: 'sig' })),
    } as NonNullable<Configuration['jwks']>,
    cookies: { keys: ['cookie-key'] },
    claims: { openid: ['sub', ...Object.keys(claims)] },
    conformIdTokenClaims: false,
    scopes: ['openid', 'offline_access'],
    issueRefreshToken: () => true,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        logoutSource: (ctx, form) => {
          ctx.body = form
        },
      },
    },
    interactions: { url: (_, { uid }) => `${issuer}/interaction/${uid}` },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId, ...claims }) }),
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId, accountId: oidc.session?.accountId ?? '' })
      grant.addOIDCScope('openid offline_access')
      await grant.save()
      return grant
    },
    fetch: async (_, init) => {
      sent.push(new URLSearchParams(String(init?.body)))
      return new Response()
    },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: 300,
      Interaction: 60,
      Session: 600,
      RefreshToken: 600,
    },
    renderError: (ctx, { error }) => {
      ctx.body = { error }
    },
  }
}

async function signIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await provider.interactionFinished(request, response, { login: { accountId: 'user-1' }, consent: {} })
}

/** Holds back what is written until its end, to write something else. */
function replaceBody(response: ServerResponse, replacement: Replacement): void {
  const end = response.end.bind(response)
  const write = (body?: unknown) => {
    const { status, body: other } = replacement({
      status: response.statusCode,
      body: Buffer.isBuffer(body) ? body.toString() : String(body ?? ''),
    })
    const text = typeof other === 'string' ? other : JSON.stringify(other)
    response.removeHeader('www-authenticate')
    response.statusCode = status ?? response.statusCode
    response.setHeader('content-type', 'application/json')
    response.setHeader('content-length', Buffer.byteLength(text))
    return end(text)
  }
  response.end = write as typeof response.end
}

/** A browser that keeps cookies and stops where it leaves the provider. */
export function browser() {
  const cookies = new Map<string, string>()
  const request = async (url: string, init: RequestInit = {}) => {
    const headers = { ...init.headers, cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      cookies.set(name, value)
    }
    return response
  }
  const follow = async (start: string): Promise<URL> => {
    let url = start
    for (let hops = 0; hops < 10 && url.startsWith('http://127.0.0.1'); hops++) {
      const response = await request(url)
      const location = response.headers.get('location')
      if (location === null) throw new Error(`${response.status} ${await response.text()}`)
      url = new URL(location, url).href
    }
    return new URL(url)
  }
  return { request, follow }
}
