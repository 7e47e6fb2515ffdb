import type { TokenIssuer, VerificationKey } from '../../../contract/configuration/tokens.ts'
import { accessTokenType, audienceOf, issuerOf, longestLifeSeconds } from './claims.ts'

/**
 * What data planes need to believe our own access tokens. The key signs nothing else: one that signed configurations too
 * would make a forged token of any flaw in either format, and its rotation would wait for every data plane to say that it
 * has learned the new one. These keys instead come in the configuration, which is signed by the keys that data planes pin.
 */
export function ownIssuer(
  organizationId: string,
  keys: readonly VerificationKey[],
  notBefore: number | undefined,
): TokenIssuer {
  return {
    kind: 'token_issuer',
    id: organizationId,
    advisory: true,
    name: 'Gatehouse',
    issuer: issuerOf(organizationId),
    audiences: [audienceOf(organizationId)],
    algorithm: 'EdDSA',
    tokenTypes: [accessTokenType],
    keys: [...keys],
    secretId: null,
    requiredClaims: {},
    subjects: 'users',
    subjectClaim: 'sub',
    maxAgeSeconds: longestLifeSeconds,
    ...(notBefore !== undefined && { notBefore }),
  }
}
