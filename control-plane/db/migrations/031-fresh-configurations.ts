import type { SchemaMigration } from '../migration.ts'

/**
 * How old a configuration may be, for all calls and for those of one key; and what data planes report that they cannot
 * read of it.
 */
export const freshConfigurations: SchemaMigration = {
  name: '031-fresh-configurations',
  statements: () => [
    'alter table virtual_keys add column require_fresh_seconds integer',
    'alter table client_configurations add column max_staleness_seconds integer',
    // A roll-back writes the columns that a row had: without these it would leave the later ones as they are.
    'alter table row_images no force row level security',
    `update row_images set image = image || '{"require_fresh_seconds": null}'
       where table_name = 'virtual_keys' and image is not null`,
    `update row_images set image = image || '{"max_staleness_seconds": null}'
       where table_name = 'client_configurations' and image is not null`,
    'alter table row_images force row level security',
    `alter table data_planes add column ignored jsonb not null default '[]',
       add column held_back jsonb not null default '[]'`,
  ],
}
