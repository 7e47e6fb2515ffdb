import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type Configuration } from 'oidc-provider'

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
  /** Everything that a person was given for Gatehouse: its refresh tokens are refused from then on. */
  revokeGrantsOf(login: string): Promise<void>
  close(): Promise<void>
}

interface Behaviour {
  /** The requests that it hangs up on, `POST /token`; null: none. */
  hangsUpOn: RegExp | null
  /** Whether a refresh brings one. */
  sendsIdTokens: boolean
  givesRefreshTokens: boolean
}

/** A real OpenID provider on loopback, at which anybody signs in without a password and agrees to everything. */
export async function startIdentityProvider(redirectUris: readonly string[]): Promise<TestIdentityProvider> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const people: TestIdentityProvider['people'] = new Map()
  const client = { clientId: 'gatehouse', clientSecret: 'a secret of gatehouse that nobody else has' }
  const behaviour: Behaviour = { hangsUpOn: null, sendsIdTokens: true, givesRefreshTokens: true }
  const configuration = {
    ...configurationOf(client, redirectUris, people),
    issueRefreshToken: async () => behaviour.givesRefreshTokens,
  }
  const provider = quietly(() => new Provider(issuer, configuration))
  const requests: string[] = []
  const grants = new Map<string, Set<string>>()
  provider.on('refresh_token.saved', ({ accountId, grantId }) => {
    if (accountId && grantId) grants.set(accountId, (grants.get(accountId) ?? new Set()).add(grantId))
  })
  provider.use(async (context, next) => {
    await next()
    if (context.path === '/token' && !behaviour.sendsIdTokens && isRecord(context.body)) {
      delete context.body.id_token
    }
  })
  const answer = provider.callback()
  server.on('request', (request, response) => {
    const asked = `${request.method} ${request.url}`
    requests.push(asked)
    if (behaviour.hangsUpOn?.test(asked)) request.socket.destroy()
    else answer(request, response)
  })
  return {
    issuer,
    ...client,
    ...{ people, requests, behaviour },
    async revokeGrantsOf(login) {
      for (const grantId of grants.get(login) ?? []) await provider.RefreshToken.revokeByGrantId(grantId)
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function configurationOf(
  { clientId, clientSecret }: { clientId: string; clientSecret: string },
  redirectUris: readonly string[],
  people: TestIdentityProvider['people'],
): Configuration {
  const claimNames = ['name', 'email', 'email_verified', 'groups', 'roles', 'realm_access', 'hd', 'amr']
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [...redirectUris],
        post_logout_redirect_uris: redirectUris.map((uri) => `${new URL(uri).origin}/`),
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub', ...claimNames] },
    conformIdTokenClaims: false,
    scopes: ['openid', 'profile', 'email', 'offline_access', 'groups'],
    cookies: { keys: ['test'] },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    pkce: { required: () => true },
    ttl: {
      AccessToken: 600,
      Grant: 43_200,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 43_200,
      Session: 43_200,
    },
    rotateRefreshToken: true,
    findAccount: (_context, login) => ({
      accountId: login,
      claims: async () => ({ sub: login, ...people.get(login) }),
    }),
    async loadExistingGrant(context) {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client?.clientId,
        accountId: context.oidc.session?.accountId,
      })
      grant.addOIDCScope('openid profile email offline_access groups')
      await grant.save()
      return grant
    },
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** It warns of a development mode that is meant, and of Node versions that it has not tried. */
function quietly<T>(work: () => T): T {
  const { warn, info } = console
  Object.assign(console, { warn() {}, info() {} })
  try {
    return work()
  } finally {
    Object.assign(console, { warn, info })
  }
}
