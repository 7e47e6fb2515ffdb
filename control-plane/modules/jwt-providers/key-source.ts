import type { Json } from '../../../contract/canonical.ts'
import type { TokenAlgorithm, VerificationKey } from '../../../contract/configuration/tokens.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { checkText } from '../../input.ts'
import { KeysUnusable, readKeySet } from '../../sign-in/jwks.ts'

/** With what tokens are verified: one of these, and the one that the algorithm needs. */
export interface KeySource {
  readonly jwksUrl?: string | null | undefined
  /** A key set, RFC 7517. */
  readonly keys?: Json | null | undefined
  readonly secret?: string | null | undefined
}

export type CheckedKeySource =
  | { readonly by: 'url'; readonly jwksUrl: string }
  | { readonly by: 'keys'; readonly keys: VerificationKey[] }
  | { readonly by: 'secret'; readonly secret: string }

/** RFC 7518, section 3.2: as long as the hash at least. */
const leastSecretBytes = 32
const longestSecret = 4_096

/**
 * What of a source is given; undefined when nothing is.
 *
 * @throws BadUserInput for several, and for one that does not fit the algorithm: a public key must never be taken for a
 * shared secret, nor the other way round.
 */
export function checkedKeySource(
  algorithm: TokenAlgorithm,
  { jwksUrl, keys, secret }: KeySource,
): CheckedKeySource | undefined {
  const given = Object.entries({ jwksUrl, keys, secret }).filter(([, value]) => value != null)
  const [[field = ''] = [], ...others] = given
  if (others.length > 0)
    throw new BadUserInput(field, 'is given beside another: give one of jwksUrl, keys and secret')
  if (field !== '' && (field === 'secret') !== (algorithm === 'HS256'))
    throw new BadUserInput(field, `does not fit ${algorithm}: ${needOf(algorithm)}`)
  if (jwksUrl != null) return { by: 'url', jwksUrl: checkUrl(jwksUrl) }
  if (keys != null) return { by: 'keys', keys: checkKeys(algorithm, keys) }
  return secret == null ? undefined : { by: 'secret', secret: checkSecret(secret) }
}

export function needOf(algorithm: TokenAlgorithm): string {
  return algorithm === 'HS256' ? 'HS256 needs secret' : `${algorithm} needs jwksUrl or keys`
}

/** The keys of a document that may verify what is signed with this algorithm. @throws KeysUnusable */
export function keysFor(algorithm: TokenAlgorithm, document: unknown): FittingKeys {
  const { keys, refused } = readKeySet(document)
  const fitting = keys.filter((key) => key.algorithms.some((one) => one === algorithm))
  if (fitting.length === 0)
    throw new KeysUnusable([`The key set has no key for ${algorithm}`, ...refused].join('. '))
  return { keys: fitting.map(({ jwk }) => textsOf(jwk)), refused }
}

export interface FittingKeys {
  readonly keys: VerificationKey[]
  /** Why others are not used, one text each. */
  readonly refused: readonly string[]
}

function textsOf(jwk: object): VerificationKey {
  const texts = Object.entries(jwk).filter(
    (member): member is [string, string] => typeof member[1] === 'string',
  )
  return Object.fromEntries(texts)
}

/** Whoever gives keys gives good ones alone. @throws BadUserInput */
function checkKeys(algorithm: TokenAlgorithm, document: Json): VerificationKey[] {
  try {
    const { keys, refused } = keysFor(algorithm, document)
    if (refused.length > 0) throw new KeysUnusable(refused.join('. '))
    return keys
  } catch (error) {
    if (!(error instanceof KeysUnusable)) throw error
    throw new BadUserInput('keys', `cannot be used: ${error.message}. Give a key set, {"keys": [...]}`)
  }
}

/** Whether http is trusted is decided when it is asked. @throws BadUserInput */
function checkUrl(text: string): string {
  checkText('jwksUrl', text, { maximumLength: 2_048 })
  const url = URL.parse(text)
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (isWeb && url.username === '' && url.password === '' && url.hash === '') return text
  throw new BadUserInput(
    'jwksUrl',
    'must be a URL such as "https://example.okta.com/oauth2/default/v1/keys", without user or fragment',
  )
}

/** The message never repeats it. @throws BadUserInput */
function checkSecret(secret: string): string {
  const bytes = Buffer.byteLength(secret)
  if (bytes < leastSecretBytes || bytes > longestSecret)
    throw new BadUserInput('secret', `must have ${leastSecretBytes} to ${longestSecret} bytes, not ${bytes}`)
  if (/-----BEGIN|"kty"/.test(secret))
    throw new BadUserInput('secret', 'is a key, which others may know: a shared secret is random text')
  if (/[\p{Cc}\p{Cs}]/u.test(secret) || secret.trim() !== secret)
    throw new BadUserInput('secret', 'must have neither control characters nor space around it')
  return secret
}
