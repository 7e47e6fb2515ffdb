import type { EntityManager } from '@mikro-orm/postgresql'
import { type EntityKey, keyOf } from '../../../contract/configuration/entities.ts'
import type { ConfigurationChange } from '../../publisher/revision.ts'
import type { AuditEntry } from '../audit/index.ts'
import type { IdentityProvider } from './entity.ts'

export interface DisabledIssuers {
  readonly entries: readonly AuditEntry[]
  /** Undefined when there were none. */
  readonly change: ConfigurationChange | undefined
}

/**
 * Disables the JWT providers of an identity provider that is disabled: their tokens would go on letting in whom the
 * provider names.
 */
export async function disableIssuers(
  em: EntityManager,
  { organizationId, id: identityProviderId }: IdentityProvider,
): Promise<DisabledIssuers> {
  const issuers = await em.execute<{ id: string; name: string; issuer: string }[]>(
    `update jwt_providers set enabled = false, version = version + 1
     where org_id = ? and identity_provider_id = ? and enabled returning id, name, issuer`,
    [organizationId, identityProviderId],
  )
  if (issuers.length === 0) return { entries: [], change: undefined }
  const entries = issuers.map(({ id, ...named }) => ({
    ...{ type: 'jwt_provider.updated', subject: { kind: 'jwt_provider', id } },
    details: { ...named, identityProviderId, enabled: false },
  }))
  const removals = issuers.map(({ id }): EntityKey => keyOf({ kind: 'token_issuer', id }))
  return { entries, change: { upserts: [], removals } }
}
