import { genericGrantRequest, randomPKCECodeVerifier } from 'openid-client'
import { KeysUnusable } from './jwks.ts'
import { OutboundRefused } from './outbound.ts'
import type { ProviderConnection } from './provider-connection.ts'
import { providerErrorOf, refusalOf } from './provider-failure.ts'

/** One thing that signing in needs. The message is for whoever sets the provider up. */
export interface ProviderCheck {
  readonly name: 'discovery' | 'jwks' | 'client_auth' | 'userinfo' | 'directory'
  readonly ok: boolean
  readonly message: string
}

/** Asks a provider, over a connection that knows nothing yet, for what signing in needs. */
export async function checkProvider(
  connection: ProviderConnection,
  redirectUri: string,
): Promise<readonly ProviderCheck[]> {
  const discovery = await check('discovery', async () => {
    const { issuer } = await connection.metadata()
    return `The provider is ${issuer}`
  })
  if (!discovery.ok) {
    const message = 'Not tried: discovery failed'
    return [discovery, { name: 'jwks', ok: false, message }, { name: 'client_auth', ok: false, message }]
  }
  return [
    discovery,
    ...(await Promise.all([
      check('jwks', () => checkKeys(connection)),
      check('client_auth', () => checkClient(connection, redirectUri)),
    ])),
  ]
}

async function checkKeys(connection: ProviderConnection): Promise<string> {
  const { keys, refused } = await connection.keys.read()
  return [`Keys of the provider that can be used: ${keys.length}`, ...refused].join('. ')
}

/** The standard's word, and that of glewlwyd. */
const aboutTheCode: ReadonlySet<string> = new Set(['invalid_grant', 'invalid_code'])

/** RFC 6749 §5.2: a client is authenticated before its code is looked at, so that a wrong code tells. */
async function checkClient(connection: ProviderConnection, redirectUri: string): Promise<string> {
  const error = await genericGrantRequest(await connection.configuration(), 'authorization_code', {
    code: 'no-such-code',
    redirect_uri: redirectUri,
    code_verifier: randomPKCECodeVerifier(),
  }).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error === undefined) throw new CheckFailed('The provider took a code that it never gave out')
  const answer = providerErrorOf(error)
  if (answer !== undefined && aboutTheCode.has(answer)) return 'The provider knows the client and its secret'
  if (answer === 'invalid_client' || answer === 'unauthorized_client') {
    throw new CheckFailed(`The provider refuses the client id or its secret: ${answer}`)
  }
  throw answer === undefined
    ? error
    : new CheckFailed(`The provider answered ${answer}, which does not tell whether it knows the client`)
}

export class CheckFailed extends Error {
  override readonly name = 'CheckFailed'
}

/** What came of one thing that was tried. */
export async function check(
  name: ProviderCheck['name'],
  work: () => Promise<string>,
): Promise<ProviderCheck> {
  try {
    return { name, ok: true, message: await work() }
  } catch (error) {
    return { name, ok: false, message: messageFor(error) }
  }
}

function messageFor(error: unknown): string {
  if (error instanceof CheckFailed) return error.message
  const refusal = refusalOf(error)
  const { cause } = refusal
  // These are made to be read by whoever sets a provider up; others may repeat what came from outside.
  if (cause instanceof OutboundRefused || cause instanceof KeysUnusable) return cause.message
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') {
    return `${refusal.message} (${cause.code})`
  }
  return refusal.message
}
