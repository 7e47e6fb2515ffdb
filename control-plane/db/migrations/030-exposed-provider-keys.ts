import type { SchemaMigration } from '../migration.ts'

/** Since when a data plane that is revoked knows the present secret of a provider key; null: none does. */
export const exposedProviderKeys: SchemaMigration = {
  name: '030-exposed-provider-keys',
  statements: () => ['alter table provider_keys add column exposed_at timestamptz'],
}
