import type { EntityManager } from '@mikro-orm/postgresql'
import { type EntityKey, keyOf } from '../../../contract/configuration/entities.ts'
import type { ConfigurationChange } from '../../publisher/revision.ts'
import type { AuditEntry } from '../audit/index.ts'
import type { IdentityProvider } from './entity.ts'

/** What goes with an identity provider. */
export interface DisabledIssuers {
  readonly entries: readonly AuditEntry[]
  /** Undefined when there were none. */
  readonly change: ConfigurationChange | undefined
}

/**
 * Has nobody sign in at a provider any more, and disables its JWT providers: their tokens would go on letting in whom it
 * names.
 */
export async function disable(em: EntityManager, provider: IdentityProvider): Promise<DisabledIssuers> {
  provider.enabled = false
  const { organizationId, id: identityProviderId } = provider
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
