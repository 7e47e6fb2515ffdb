import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

/** Providers that stood by somebody's session no more, and whose directories were not read since. */
export const directoryRefusals: SchemaMigration = {
  name: '064-directory-refusals',
  statements: (applicationRole) => [
    `create table directory_refusals (
       org_id text not null references organizations (id),
       provider_id text not null,
       primary key (org_id, provider_id),
       foreign key (org_id, provider_id) references identity_providers (org_id, id) on delete cascade)`,
    ...tenantTable('directory_refusals', { applicationRole }),
  ],
}
