import { tokenKeysOf } from '../../contract/access-token.ts'
import type { TokenIssuer } from '../../contract/configuration/tokens.ts'
import type { CompiledTokenIssuer } from '../../plugins/sdk/builtin.ts'

export function compileTokenIssuer({
  kind: _kind,
  advisory: _advisory,
  ...issuer
}: TokenIssuer): CompiledTokenIssuer {
  return Object.freeze({ ...issuer, keys: tokenKeysOf(issuer.keys) })
}
