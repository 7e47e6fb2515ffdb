import { createPublicKey } from 'node:crypto'
import type { TokenIssuer, VerificationKey } from '../../contract/configuration/tokens.ts'
import type { CompiledTokenIssuer, TokenKey } from '../../plugins/sdk/builtin.ts'

/** A key that cannot be used verifies nothing; the others of its issuer still do. */
export function compileTokenIssuer({
  kind: _kind,
  advisory: _advisory,
  ...issuer
}: TokenIssuer): CompiledTokenIssuer {
  const keys = issuer.keys.flatMap((key) => compileKey(key) ?? [])
  return Object.freeze({ ...issuer, keys: Object.freeze(keys) })
}

function compileKey(jwk: VerificationKey): TokenKey | undefined {
  try {
    return Object.freeze({ kid: jwk.kid, key: createPublicKey({ key: jwk, format: 'jwk' }) })
  } catch {
    return undefined
  }
}
