import type { EntityManager } from '@mikro-orm/postgresql'
import { keyOf } from '../../../contract/configuration/entities.ts'
import type { TokenIssuer } from '../../../contract/configuration/tokens.ts'
import type { ConfigurationChange } from '../../publisher/revision.ts'
import { readEpochOfAll } from '../../sessions/session-epochs.ts'
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

/** Data planes know of no issuer that is disabled. The caller has locked the provider. */
export async function issuerChange(em: EntityManager, provider: JwtProvider): Promise<ConfigurationChange> {
  const issuer = tokenIssuerOf(provider)
  if (!provider.enabled) return { upserts: [], removals: [keyOf(issuer)] }
  const notBefore = await readEpochOfAll(em, provider.organizationId)
  return { upserts: [notBefore === undefined ? issuer : { ...issuer, notBefore }] }
}
