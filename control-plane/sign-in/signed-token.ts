import { compactVerify } from 'jose'
import { readCompactJws, TokenInvalid } from '../../contract/compact-jws.ts'
import type { VettedKey } from './key-vetting.ts'
import type { SigningAlgorithm } from './provider-kinds.ts'

export { TokenInvalid } from '../../contract/compact-jws.ts'

/** It names a key that the provider does not have, or that nobody here knows of yet: keys are fetched only so often. */
export class KeyUnknown extends TokenInvalid {}

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

/**
 * The claims of a JWT, when a key of the provider signed them.
 *
 * @throws TokenInvalid, KeyUnknown among them, or what fetching keys fails with.
 */
export async function readSignedToken(
  token: string,
  keys: SigningKeys,
  algorithms: readonly SigningAlgorithm[],
): Promise<SignedToken> {
  const { alg: named, kid, type, claims } = readCompactJws(token)
  const alg = algorithms.find((allowed) => allowed === named)
  if (!alg) throw new TokenInvalid(`is not signed by one of ${algorithms.join(', ')}`)
  const key = await keys.find(kid, alg)
  if (!key) throw new KeyUnknown('is signed by a key that the provider does not have')
  try {
    await compactVerify(token, key.key, { algorithms: [alg] })
  } catch {
    throw new TokenInvalid('has a wrong signature')
  }
  return { type, alg, claims: claims() }
}
