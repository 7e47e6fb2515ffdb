import { looksLikeToken } from '../../contract/compact-jws.ts'
import { credentialHeaders } from '../../contract/headers.ts'
import { Denied } from './denied.ts'

const maxSecretLength = 512
const names: ReadonlySet<string> = new Set(credentialHeaders)
const shortestName = Math.min(...credentialHeaders.map((name) => name.length))
const longestName = Math.max(...credentialHeaders.map((name) => name.length))

/** What a request presents. */
export interface Credentials {
  /** A virtual key. */
  readonly secret: string | undefined
  /** A user's access token; only ever in `Authorization: Bearer`. */
  readonly token: string | undefined
}

/**
 * The virtual key that a request presents, from whichever of the accepted headers, and the access token. Each may come
 * several times, as SDKs that speak two dialects do.
 *
 * @param rawHeaders name, value, name, value, … as they came on the wire
 * @throws Denied `ambiguous_credentials` for two different keys or tokens, `virtual_key_not_found` for one too long to be one
 */
export function readCredentials(rawHeaders: readonly string[]): Credentials {
  let secret: string | undefined
  let token: string | undefined
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const rawName = rawHeaders[index] ?? ''
    if (rawName.length < shortestName || rawName.length > longestName) continue
    const name = rawName.toLowerCase()
    if (!names.has(name)) continue
    const found = credentialOf(name, rawHeaders[index + 1] ?? '')
    if (found === '') continue
    if (name === 'authorization' && looksLikeToken(found)) {
      if (token !== undefined && token !== found) {
        throw new Denied('ambiguous_credentials', 'The request carries two different access tokens: send one')
      }
      token = found
      continue
    }
    if (found.length > maxSecretLength) {
      throw new Denied(
        'virtual_key_not_found',
        `Unknown virtual key: none is longer than ${maxSecretLength} characters`,
      )
    }
    if (secret !== undefined && secret !== found) throw new Denied('ambiguous_credentials')
    secret = found
  }
  return { secret, token }
}

/** RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1). Other schemes carry neither key nor token. */
function credentialOf(name: string, value: string): string {
  if (name !== 'authorization') return value.trim()
  const scheme = value.slice(0, 7)
  if (scheme !== 'Bearer ' && scheme.toLowerCase() !== 'bearer ') return ''
  return value.slice(7).trim()
}
