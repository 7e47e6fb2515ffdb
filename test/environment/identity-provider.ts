import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Adapter, Configuration, Provider } from 'oidc-provider'

export interface TestIdentityProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** What the ID token says of each person, by their login. Changed, it holds from the next token on. */
  readonly people: Map<string, Readonly<Record<string, unknown>>>
  /** Every request so far, `POST /token`. */
  readonly requests: string[]
  /** Of the provider from now on. */
  readonly behaviour: Behaviour
  /** Signs with a new key from now on, and knows the former one no more; what it remembers stays. */
  rotateKeys(): Promise<SigningKey>
  /** Told of each person whose refresh token was refused, when the answer goes out. */
  onRefusedRefresh: (login: string) => void
  /** Everything that a person was given for Gatehouse: its refresh tokens are refused from then on. */
  revokeGrantsOf(login: string): Promise<void>
  close(): Promise<void>
}

export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
}

interface Behaviour {
  /** The requests that it hangs up on, `POST /token`; null: none. */
  hangsUpOn: RegExp | null
  /** Whether a refresh brings one. */
  sendsIdTokens: boolean
  givesRefreshTokens: boolean
}

export interface IdentityProviderOptions {
  readonly redirectUri: string
  /** What its issuer has behind the host, `/realms/acme`. */
  readonly path?: string | undefined
  /** Where it says that a session of its own has ended. */
  readonly backChannelLogoutUri?: string | undefined
}

interface Client {
  readonly clientId: string
  readonly clientSecret: string
}

/** Those that some kind of provider puts into ID tokens, as far as tests want them. */
const claimNames = [
  ...['name', 'email', 'email_verified', 'department', 'groups', 'roles', 'realm_access', 'hd', 'oid', 'tid'],
  ...['amr', 'acr', 'acrs', 'auth_time', 'resource_access', 'hasgroups', '_claim_names', '_claim_sources'],
  'urn:zitadel:iam:org:project:roles',
]
const scopes = [
  ...['openid', 'profile', 'email', 'offline_access', 'groups'],
  'urn:zitadel:iam:org:project:roles',
]

/** A real OpenID provider on loopback, at which anybody signs in without a password and agrees to everything. */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<TestIdentityProvider> {
  const { path = '' } = options
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  const people: TestIdentityProvider['people'] = new Map()
  const behaviour: Behaviour = { hangsUpOn: null, sendsIdTokens: true, givesRefreshTokens: true }
  const requests: string[] = []
  const grants = new Map<string, Set<string>>()
  const client = { clientId: 'gatehouse', clientSecret: 'a secret of gatehouse that nobody else has' }
  const holders = new Map<unknown, string>()
  const providerWith = async (keys: Pick<Configuration, 'jwks' | 'adapter'>) => {
    const provider = await createProvider(issuer, {
      ...configurationOf(client, options, people),
      ...keys,
      issueRefreshToken: async () => behaviour.givesRefreshTokens,
    })
    provider.on('refresh_token.saved', ({ accountId, grantId, jti }) => {
      if (accountId) holders.set(jti, accountId)
      if (accountId && grantId) grants.set(accountId, (grants.get(accountId) ?? new Set()).add(grantId))
    })
    provider.use(async (context, next) => {
      await next()
      const refused = context.status === 400 ? holders.get(context.oidc?.params?.refresh_token) : undefined
      if (refused !== undefined) started.onRefusedRefresh(refused)
      if (context.path === '/token' && !behaviour.sendsIdTokens && isRecord(context.body)) {
        delete context.body.id_token
      }
    })
    return { provider, answer: provider.callback() }
  }
  let current = await providerWith({})
  server.on('request', (request, response) => {
    const url = request.url?.startsWith(path) ? request.url.slice(path.length) : ''
    const asked = `${request.method} ${url}`
    requests.push(asked)
    // By the original the provider knows where it is mounted.
    if (behaviour.hangsUpOn?.test(asked)) request.socket.destroy()
    else if (!url.startsWith('/')) response.writeHead(404).end()
    else current.answer(Object.assign(request, { originalUrl: request.url, url }), response)
  })
  const started: TestIdentityProvider = {
    ...{ issuer, ...client, people, requests, behaviour },
    async rotateKeys() {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const kid = randomUUID()
      const key = { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
      const { provider } = current
      current = await providerWith({
        jwks: { keys: [key] } as NonNullable<Configuration['jwks']>,
        adapter: (model: string) => adapterOf(provider, model),
      })
      return { kid, privateKey }
    },
    onRefusedRefresh: () => {},
    async revokeGrantsOf(login) {
      const { provider } = current
      for (const grantId of grants.get(login) ?? []) await provider.RefreshToken.revokeByGrantId(grantId)
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return started
}

function configurationOf(
  { clientId, clientSecret }: Client,
  { redirectUri, backChannelLogoutUri }: IdentityProviderOptions,
  people: TestIdentityProvider['people'],
): Configuration {
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [`${new URL(redirectUri).origin}/`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        ...(backChannelLogoutUri !== undefined && {
          backchannel_logout_uri: backChannelLogoutUri,
          backchannel_logout_session_required: true,
        }),
      },
    ],
    claims: { openid: ['sub', ...claimNames] },
    conformIdTokenClaims: false,
    scopes,
    cookies: { keys: ['test'] },
    features: {
      devInteractions: { enabled: true },
      rpInitiatedLogout: {
        logoutSource: (context, form) => {
          context.body = form
        },
      },
      backchannelLogout: { enabled: true },
      revocation: { enabled: true },
    },
    pkce: { required: () => true },
    ttl: {
      ...{ AccessToken: 600, IdToken: 600, Interaction: 600 },
      ...{ Grant: 43_200, RefreshToken: 43_200, Session: 43_200 },
    },
    rotateRefreshToken: true,
    // The agent that comes with its options reaches nothing on loopback.
    fetch: (url, { method = 'GET', headers = {}, body = null } = {}) => fetch(url, { method, headers, body }),
    findAccount: (_context, login) => ({
      accountId: login,
      claims: async () => ({ sub: login, ...people.get(login) }),
    }),
    async loadExistingGrant({ oidc }) {
      // How somebody proved who they are is the session's to say, not the account's.
      const { amr, acr, auth_time: at } = people.get(oidc.session?.accountId ?? '') ?? {}
      if (oidc.session)
        Object.assign(oidc.session, { amr, acr, ...(at !== undefined && { loginTs: at ?? undefined }) })
      const grant = new oidc.provider.Grant({ clientId, accountId: oidc.session?.accountId ?? '' })
      grant.addOIDCScope(scopes.join(' '))
      await grant.save()
      return grant
    },
  }
}

/** Where a provider remembers things of this kind. */
function adapterOf(provider: Provider, model: string): Adapter {
  return (provider as unknown as Record<string, { readonly adapter: Adapter }>)[model]?.adapter as Adapter
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** It warns of a development mode that is meant, and of Node versions that it has not tried. */
async function createProvider(issuer: string, configuration: Configuration): Promise<Provider> {
  const { warn, info } = console
  Object.assign(console, { warn() {}, info() {} })
  try {
    const { Provider } = await import('oidc-provider')
    return new Provider(issuer, configuration)
  } finally {
    Object.assign(console, { warn, info })
  }
}
