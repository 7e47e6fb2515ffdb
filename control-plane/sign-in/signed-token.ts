import { compactVerify } from 'jose'
import { JsonTextInvalid, parseJsonText } from '../http/json-text.ts'
import type { VettedKey } from './key-vetting.ts'
import type { SigningAlgorithm } from './provider-kinds.ts'

/** A token that is not what it must be. The message repeats nothing of it. */
export class TokenInvalid extends Error {
  override readonly name = 'TokenInvalid'
}

/** Finds a key of the one provider that may have signed. */
export interface SigningKeys {
  find(kid: string | undefined, alg: SigningAlgorithm): Promise<VettedKey | undefined>
}

export interface SignedToken {
  /** In lower case and without `application/`; undefined when there is none. */
  readonly type: string | undefined
  readonly alg: SigningAlgorithm
  readonly claims: Readonly<Record<string, unknown>>
}

const mostCharacters = 16 * 1024
const mostDepth = 32

/**
 * The claims of a JWT in JWS Compact Serialization, when a key of the provider signed them. Nothing in the token says
 * where its key is: `jwk`, `jku`, `x5u` and `x5c` are not read (RFC 8725 §3.10).
 *
 * @throws TokenInvalid, or what fetching keys fails with.
 */
export async function readSignedToken(
  token: string,
  keys: SigningKeys,
  algorithms: readonly SigningAlgorithm[],
): Promise<SignedToken> {
  if (token.length > mostCharacters) throw new TokenInvalid(`is larger than ${mostCharacters} bytes`)
  // Libraries let white space, padding and stray bits pass, so that one token has many spellings.
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token) || !token.split('.').every(isCanonical)) {
    throw new TokenInvalid('is not in compact form')
  }
  const [head = '', body = ''] = token.split('.')
  const header = readObject(head, 'header')
  if (header.crit !== undefined) throw new TokenInvalid('has extensions that must be understood')
  const alg = algorithms.find((allowed) => allowed === header.alg)
  if (!alg) throw new TokenInvalid(`is not signed by one of ${algorithms.join(', ')}`)
  const { kid } = header
  if (kid !== undefined && typeof kid !== 'string') throw new TokenInvalid('names its key by no text')
  const key = await keys.find(kid, alg)
  if (!key) throw new TokenInvalid('is signed by a key that the provider does not have')
  try {
    await compactVerify(token, key.key, { algorithms: [alg] })
  } catch {
    throw new TokenInvalid('has a wrong signature')
  }
  return { type: typeOf(header.typ), alg, claims: readObject(body, 'payload') }
}

/** RFC 7515 §4.1.9. @throws TokenInvalid */
function typeOf(typ: unknown): string | undefined {
  if (typ === undefined) return undefined
  if (typeof typ !== 'string') throw new TokenInvalid('has a type that is no text')
  return typ.toLowerCase().replace(/^application\//, '')
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

function readObject(part: string, name: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(part, 'base64url'),
    )
    value = parseJsonText(text, { mostDepth })
  } catch (error) {
    // The names of what is there twice are for nobody to see.
    const reason =
      error instanceof JsonTextInvalid && /twice|deep/.test(error.message) ? 'ambiguous' : 'unreadable'
    throw new TokenInvalid(`has an ${reason} ${name}`)
  }
  if (!isObject(value)) throw new TokenInvalid(`has no object as its ${name}`)
  return value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
