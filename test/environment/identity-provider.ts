import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Configuration, Provider } from 'oidc-provider'

export interface TestIdentityProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** What the ID token says of each person, by their login. Changed, it holds from the next token on. */
  readonly people: Map<string, Readonly<Record<string, unknown>>>
  /** The paths that were asked for, in order. */
  readonly asked: string[]
  close(): Promise<void>
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
  ...['name', 'email', 'email_verified', 'groups', 'roles', 'realm_access', 'hd', 'oid', 'tid'],
  ...['amr', 'urn:zitadel:iam:org:project:roles'],
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
  const asked: string[] = []
  const client = { clientId: 'gatehouse', clientSecret: 'a secret of gatehouse that nobody else has' }
  const provider = await createProvider(issuer, configurationOf(client, options, people))
  const answer = provider.callback()
  server.on('request', (request, response) => {
    const url = (request.url ?? '').slice(path.length)
    asked.push(url.split('?')[0] ?? '')
    // By the original the provider knows where it is mounted.
    answer(Object.assign(request, { originalUrl: request.url, url }), response)
  })
  return {
    ...{ issuer, ...client, people, asked },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
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
      ...{ AccessToken: 600, Grant: 3_600, IdToken: 600, Interaction: 600 },
      ...{ RefreshToken: 3_600, Session: 3_600 },
    },
    issueRefreshToken: async () => true,
    // The agent that comes with its options reaches nothing on loopback.
    fetch: (url, { method = 'GET', headers = {}, body = null } = {}) => fetch(url, { method, headers, body }),
    findAccount: (_context, login) => ({
      accountId: login,
      claims: async () => ({ sub: login, ...people.get(login) }),
    }),
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId, accountId: oidc.session?.accountId ?? '' })
      grant.addOIDCScope(scopes.join(' '))
      await grant.save()
      return grant
    },
  }
}

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
