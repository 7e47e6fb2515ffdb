import type { EntityManager } from '@mikro-orm/postgresql'
import type { ClientConfiguration as ClientConfigurationDocument } from '../../../contract/configuration/entities.ts'
import { ClientConfigurationEntity } from './entity.ts'
import { defaultSettings } from './settings.ts'
import { findWidening, type HeaderSettings } from './widening.ts'

/** Whether header changes need a second person. */
export async function guardsHeaderChanges(em: EntityManager, organizationId: string): Promise<boolean> {
  const row = await em.findOne(ClientConfigurationEntity, { organizationId })
  return (row ?? defaultSettings).requireApprovalForHeaderChanges
}

/** How data planes would let more headers through with one document than with another one. */
export function findWideningOfDocuments(
  before: ClientConfigurationDocument | undefined,
  after: ClientConfigurationDocument,
): string[] {
  return findWidening(before ? headerSettingsOf(before) : defaultSettings, headerSettingsOf(after))
}

function headerSettingsOf({ allowedHeaders, headerFilter }: ClientConfigurationDocument): HeaderSettings {
  const { allowlist, denylist, forwardDirect } = headerFilter
  return { allowedHeaders, forwardAllowlist: allowlist, forwardDenylist: denylist, forwardDirect }
}
