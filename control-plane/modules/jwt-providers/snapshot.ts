import { keyOf } from '../../../contract/configuration/entities.ts'
import type { TokenIssuer } from '../../../contract/configuration/tokens.ts'
import type { ConfigurationChange } from '../../publisher/revision.ts'
import type { JwtProvider } from './entity.ts'

/** What is needed to believe its tokens, on either plane. */
export function tokenIssuerOf(provider: JwtProvider): TokenIssuer {
  const { id, name, issuer, algorithm, secretId, subjectClaim, maxAgeSeconds, tokenTypes } = provider
  return {
    ...{ kind: 'token_issuer', advisory: true, id, name, issuer, algorithm },
    audiences: [...provider.audiences],
    tokenTypes: tokenTypes && [...tokenTypes],
    keys: [...provider.keys],
    secretId,
    requiredClaims: Object.fromEntries(provider.requiredClaims.map(({ claim, value }) => [claim, value])),
    ...{ subjects: 'holders', subjectClaim, maxAgeSeconds },
  }
}

/** Data planes know of no issuer that is disabled. */
export function issuerChange(provider: JwtProvider): ConfigurationChange {
  const issuer = tokenIssuerOf(provider)
  return provider.enabled ? { upserts: [issuer] } : { upserts: [], removals: [keyOf(issuer)] }
}
