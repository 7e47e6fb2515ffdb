import type { SchemaMigration } from '../migration.ts'

/** Whom claims make a member of which business units. */
export const businessUnitRules: SchemaMigration = {
  name: '061-business-unit-rules',
  statements: () => [
    `alter table identity_providers add column business_unit_rules jsonb not null default '[]'`,
  ],
}
