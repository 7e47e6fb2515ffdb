import { importPKCS8, SignJWT } from 'jose'
import type { OutboundFetch } from '../sign-in/outbound.ts'
import { recordOf } from './answers.ts'
import { DirectoryFailed } from './directory.ts'
import { type Authorization, askPatiently } from './directory-client.ts'

/** A token is used until so long before its end. */
const spareMs = 60_000

/** A token that does not end. */
export function fixedToken(scheme: string, token: string): Authorization {
  return { header: async () => `${scheme} ${token}`, forget() {} }
}

export interface TokenRequest {
  readonly url: string
  /** Asked for anew for each token. */
  parameters(): Promise<Readonly<Record<string, string>>>
  readonly now: () => number
}

/** A token that an OAuth 2.0 token endpoint gives, kept until shortly before its end. */
export function grantedToken(fetch: OutboundFetch, { url, parameters, now }: TokenRequest): Authorization {
  let kept: { readonly header: string; readonly until: number } | undefined
  return {
    async header(signal) {
      if (kept && now() < kept.until) return kept.header
      const answer = await askPatiently(fetch, url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: new URLSearchParams(await parameters()).toString(),
        signal,
        mostBytes: 64 * 1024,
      })
      if (answer.status !== 200) {
        throw new DirectoryFailed(
          'refused',
          `The directory gives no token for the credential that is set up: ${answer.status}`,
        )
      }
      const { access_token: token, expires_in: seconds } = recordOf(await answer.json().catch(() => null))
      if (typeof token !== 'string' || !/^[!-~]{1,16384}$/.test(token)) {
        throw new DirectoryFailed('malformed', 'The directory’s token endpoint gave no token')
      }
      const lifeMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : spareMs
      kept = { header: `Bearer ${token}`, until: now() + Math.max(lifeMs - spareMs, 0) }
      return kept.header
    },
    forget() {
      kept = undefined
    },
  }
}

/** RFC 6749 §4.4. */
export function clientCredentials(clientId: string, clientSecret: string, scope?: string) {
  const parameters = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }
  return async () => ({ ...parameters, ...(scope !== undefined && { scope }) })
}

export interface ServiceAccountKey {
  readonly clientEmail: string
  readonly privateKey: string
  readonly tokenUrl: string
}

/** What Google's console gives to download. @returns null for anything else */
export function readServiceAccountKey(text: string): ServiceAccountKey | null {
  try {
    const {
      client_email: clientEmail,
      private_key: privateKey,
      token_uri: tokenUrl,
    } = recordOf(JSON.parse(text))
    if (typeof clientEmail !== 'string' || typeof privateKey !== 'string' || typeof tokenUrl !== 'string')
      return null
    return URL.canParse(tokenUrl) && privateKey.includes('PRIVATE KEY')
      ? { clientEmail, privateKey, tokenUrl }
      : null
  } catch {
    return null
  }
}

export interface Delegation {
  readonly scopes: readonly string[]
  /** In whose name the service account asks. */
  readonly subject: string
  readonly now: () => number
}

/** RFC 7523 §2.1, with domain-wide delegation: https://developers.google.com/identity/protocols/oauth2/service-account. */
export function signedAssertion(key: ServiceAccountKey, { scopes, subject, now }: Delegation) {
  return async () => {
    const privateKey = await importPKCS8(key.privateKey, 'RS256').catch((error: unknown) => {
      throw new DirectoryFailed('refused', 'The service account’s key is no RSA key in PKCS #8', {
        cause: error,
      })
    })
    const at = Math.floor(now() / 1_000)
    const assertion = await new SignJWT({ scope: scopes.join(' ') })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .setIssuer(key.clientEmail)
      .setSubject(subject)
      .setAudience(key.tokenUrl)
      .setIssuedAt(at)
      .setExpirationTime(at + 3_600)
      .sign(privateKey)
    return { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }
  }
}
