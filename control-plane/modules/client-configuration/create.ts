import type { EntityManager } from '@mikro-orm/postgresql'
import { newId } from '../../db/id.ts'
import { type ClientConfiguration, ClientConfigurationEntity } from './entity.ts'
import { type ClientSettings, defaultSettings } from './settings.ts'

/** The configuration that a new organization begins with; it is written when the transaction is flushed. */
export function createClientConfiguration(
  em: EntityManager,
  organizationId: string,
  settings: Partial<ClientSettings> = {},
): ClientConfiguration {
  return em.create(ClientConfigurationEntity, {
    id: newId('ccf'),
    organizationId,
    ...defaultSettings,
    ...settings,
  })
}
