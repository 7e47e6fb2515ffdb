import { JsonTextInvalid, parseJsonText } from './json-text.ts'

/** A token that is not what it must be. The message repeats nothing of it. */
export class TokenInvalid extends Error {
  override readonly name = 'TokenInvalid'
}

export type JsonObject = Readonly<Record<string, unknown>>

/** What a token says of itself, believed by nobody before its signature is verified. */
export interface CompactJws {
  readonly alg: unknown
  /** The key that it names. */
  readonly kid: string | undefined
  /** In lower case and without `application/`; undefined when there is none. */
  readonly type: string | undefined
  /** @throws TokenInvalid unless the payload is a JSON object that everybody reads alike */
  claims(): JsonObject
}

export const longestToken = 16 * 1024
const mostDepth = 32
const shape = /^[\w-]+\.[\w-]+\.[\w-]+$/

/**
 * Reads a JWT in JWS Compact Serialization. Nothing in it says where its key is: `jwk`, `jku`, `x5u` and `x5c` are not
 * read (RFC 8725 §3.10).
 *
 * @throws TokenInvalid
 */
export function readCompactJws(token: string): CompactJws {
  if (token.length > longestToken) throw new TokenInvalid(`is larger than ${longestToken} bytes`)
  // Libraries let white space, padding and stray bits pass, so that one token has many spellings.
  if (!shape.test(token) || !token.split('.').every(isCanonical)) {
    throw new TokenInvalid('is not in compact form')
  }
  const [head = '', body = ''] = token.split('.')
  const header = readObject(head, 'header')
  if (header.crit !== undefined) throw new TokenInvalid('has extensions that must be understood')
  const { alg, kid } = header
  if (kid !== undefined && typeof kid !== 'string') throw new TokenInvalid('names its key by no text')
  return { alg, kid, type: typeOf(header.typ), claims: () => readObject(body, 'payload') }
}

/** Whether a credential is meant as a token: the form, and a header that begins as JSON objects do (`{"`). */
export function looksLikeToken(credential: string): boolean {
  return credential.startsWith('eyJ') && shape.test(credential)
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

function readObject(part: string, name: string): JsonObject {
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

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
