import { credentialHeaders } from '../../contract/headers.ts'
import { Denied } from './denied.ts'

const maxSecretLength = 512
const names: ReadonlySet<string> = new Set(credentialHeaders)
const shortestName = Math.min(...credentialHeaders.map((name) => name.length))
const longestName = Math.max(...credentialHeaders.map((name) => name.length))

/**
 * The virtual key that a request presents, from whichever of the accepted headers, or undefined when there is none.
 * The same key may come several times, as SDKs that speak two dialects do.
 *
 * @param rawHeaders name, value, name, value, … as they came on the wire
 * @throws Denied `ambiguous_credentials` for two different keys, `virtual_key_not_found` for one too long to be one
 */
export function readCredential(rawHeaders: readonly string[]): string | undefined {
  let found: string | undefined
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const rawName = rawHeaders[index] ?? ''
    if (rawName.length < shortestName || rawName.length > longestName) continue
    const name = rawName.toLowerCase()
    if (!names.has(name)) continue
    const secret = secretOf(name, rawHeaders[index + 1] ?? '')
    if (secret === '') continue
    if (secret.length > maxSecretLength) {
      throw new Denied(
        'virtual_key_not_found',
        `Unknown virtual key: none is longer than ${maxSecretLength} characters`,
      )
    }
    if (found !== undefined && found !== secret) throw new Denied('ambiguous_credentials')
    found = secret
  }
  return found
}

/** RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1). Other schemes carry no virtual key. */
function secretOf(name: string, value: string): string {
  if (name !== 'authorization') return value.trim()
  const scheme = value.slice(0, 7)
  if (scheme !== 'Bearer ' && scheme.toLowerCase() !== 'bearer ') return ''
  return value.slice(7).trim()
}
