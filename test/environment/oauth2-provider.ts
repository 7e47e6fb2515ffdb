import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TestOAuth2Provider {
  readonly issuer: string
  readonly endpoints: {
    readonly authorizeUrl: string
    readonly tokenUrl: string
    readonly userinfoUrl: string
    readonly subjectClaim: string
  }
  readonly clientId: string
  readonly clientSecret: string
  /** What userinfo says of each person, by their login. */
  readonly people: Map<string, Readonly<Record<string, unknown>>>
  /** Every request so far, `POST /token`. */
  readonly requests: string[]
  readonly behaviour: {
    /** Who signs in next. */
    login: string
    givesRefreshTokens: boolean
    /** Errors come with status 200, and under names of its own. */
    isLikeGitHub: boolean
    /** Userinfo answers whoever asks. */
    trustsAnybody: boolean
    hangsUpOn: RegExp | null
  }
  /** No token of this person is good any more. */
  revoke(login: string): void
  close(): Promise<void>
}

interface Grant {
  readonly login: string
  readonly redirectUri: string
  readonly challenge: string
}

/**
 * A provider of OAuth 2.0 without OpenID Connect, over HTTP on loopback, at which everybody agrees to everything.
 */
export async function startOAuth2Provider(redirectUri: string): Promise<TestOAuth2Provider> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = { clientId: 'gatehouse', clientSecret: 'a secret of gatehouse that nobody else has' }
  const people: TestOAuth2Provider['people'] = new Map()
  const behaviour: TestOAuth2Provider['behaviour'] = {
    ...{
      login: 'nobody',
      givesRefreshTokens: false,
      isLikeGitHub: false,
      trustsAnybody: false,
      hangsUpOn: null,
    },
  }
  const requests: string[] = []
  const [codes, tokens] = [new Map<string, Grant>(), new Map<string, string>()]

  function authorize(query: URLSearchParams): { status: number; location?: string } {
    const { login } = behaviour
    const challenge = query.get('code_challenge') ?? ''
    const isAsked = query.get('client_id') === client.clientId && query.get('redirect_uri') === redirectUri
    if (!isAsked || query.get('code_challenge_method') !== 'S256' || query.has('nonce'))
      return { status: 400 }
    const code = randomUUID()
    codes.set(code, { login, redirectUri, challenge })
    const url = new URL(redirectUri)
    const organization = new URL(redirectUri).searchParams
    url.search = new URLSearchParams([
      ...organization,
      ['code', code],
      ['state', query.get('state') ?? ''],
    ]).toString()
    return { status: 302, location: url.href }
  }

  function token(form: URLSearchParams): { status: number; body: object } {
    const no = (error: string, likeGitHub: string) =>
      behaviour.isLikeGitHub
        ? { status: 200, body: { error: likeGitHub } }
        : { status: error === 'invalid_client' ? 401 : 400, body: { error } }
    if (form.get('client_id') !== client.clientId || form.get('client_secret') !== client.clientSecret) {
      return no('invalid_client', 'incorrect_client_credentials')
    }
    const login = form.get('grant_type') === 'refresh_token' ? refreshed(form) : redeemed(form)
    if (login === undefined) return no('invalid_grant', 'bad_verification_code')
    const [access, refresh] = [`at-${randomUUID()}`, `rt-${randomUUID()}`]
    tokens.set(access, login)
    if (behaviour.givesRefreshTokens) tokens.set(refresh, login)
    const more = behaviour.givesRefreshTokens ? { refresh_token: refresh } : {}
    return { status: 200, body: { access_token: access, token_type: 'bearer', ...more } }
  }

  function redeemed(form: URLSearchParams): string | undefined {
    const code = form.get('code') ?? ''
    const grant = codes.get(code)
    codes.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    return grant?.challenge === challenge && form.get('redirect_uri') === grant.redirectUri
      ? grant.login
      : undefined
  }

  function refreshed(form: URLSearchParams): string | undefined {
    const token = form.get('refresh_token') ?? ''
    const login = tokens.get(token)
    tokens.delete(token)
    return login
  }

  function userinfo(authorization: string): { status: number; body: object } {
    const login = behaviour.trustsAnybody ? 'anybody' : tokens.get(authorization.replace(/^Bearer /, ''))
    if (login === undefined) return { status: 401, body: { message: 'Bad credentials' } }
    return { status: 200, body: people.get(login) ?? { id: login } }
  }

  server.on('request', async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', issuer)
    const asked = `${request.method} ${pathname}`
    requests.push(asked)
    if (behaviour.hangsUpOn?.test(asked)) return request.socket.destroy()
    if (asked === 'GET /authorize') {
      const { status, location } = authorize(searchParams)
      return response.writeHead(status, location === undefined ? {} : { location }).end()
    }
    const { status, body } =
      asked === 'POST /token'
        ? token(new URLSearchParams(await textOf(request)))
        : userinfo(request.headers.authorization ?? '')
    return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  return {
    ...{ issuer, ...client, people, requests, behaviour },
    endpoints: {
      ...{ authorizeUrl: `${issuer}/authorize`, tokenUrl: `${issuer}/token`, userinfoUrl: `${issuer}/user` },
      subjectClaim: 'id',
    },
    revoke(login) {
      for (const [one, whose] of tokens) if (whose === login) tokens.delete(one)
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
