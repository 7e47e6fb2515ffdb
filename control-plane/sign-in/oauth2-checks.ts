import { randomPKCECodeVerifier } from 'openid-client'
import { isTokenRefusal, type OAuth2Connection } from './oauth2-connection.ts'
import { CheckFailed, check, type ProviderCheck } from './provider-checks.ts'
import { SignInRefused } from './refused.ts'

/** What a provider calls a client that it does not know; the last is GitHub's. */
const clientRefusals = ['invalid_client', 'unauthorized_client', 'incorrect_client_credentials']

/** Asks a provider of OAuth 2.0 for as much of what signing in needs as can be asked without a person. */
export function checkOAuth2Provider(
  connection: OAuth2Connection,
  redirectUri: string,
): Promise<readonly ProviderCheck[]> {
  return Promise.all([
    check('client_auth', () => checkClient(connection, redirectUri)),
    check('userinfo', () => checkUserinfo(connection)),
  ])
}

/** RFC 6749 §5.2: a client is authenticated before its code is looked at, so that a wrong code tells. */
async function checkClient(connection: OAuth2Connection, redirectUri: string): Promise<string> {
  const parameters = {
    ...{ grant_type: 'authorization_code', code: 'no-such-code', redirect_uri: redirectUri },
    code_verifier: randomPKCECodeVerifier(),
  }
  try {
    await connection.exchange(parameters)
  } catch (error) {
    if (isTokenRefusal(error)) return 'The provider knows the client and its secret'
    const answer = error instanceof SignInRefused ? error.providerError : null
    if (answer === null) throw error
    throw new CheckFailed(
      clientRefusals.includes(answer)
        ? `The provider refuses the client id or its secret: ${answer}`
        : `The provider answered ${answer}, which does not tell whether it knows the client`,
    )
  }
  throw new CheckFailed('The provider took a code that it never gave out')
}

/** Whoever answers everybody says nothing about who somebody is. */
async function checkUserinfo(connection: OAuth2Connection): Promise<string> {
  if ((await connection.userinfo('no-such-token')) === 'refused') {
    return 'The provider tells nobody who somebody is without a token that it gave'
  }
  throw new CheckFailed(
    'The provider’s userinfo answers to a token that it never gave out: look at userinfoUrl',
  )
}
