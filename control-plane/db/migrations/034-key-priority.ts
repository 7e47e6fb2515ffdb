import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

/** Whose calls are refused first and last when a data plane is at its capacity. */
export const keyPriority: SchemaMigration = {
  name: '034-key-priority',
  statements: () => [
    `alter table virtual_keys add column priority text not null default 'normal'
       check (priority in ('low', 'normal', 'high'))`,
    'alter table virtual_keys alter column priority drop default',
    // A roll-back writes the columns that a row had: without it a key would keep a priority of later.
    ...unwalled(
      ['row_images'],
      [
        `update row_images set image = image || '{"priority": "normal"}'
           where table_name = 'virtual_keys' and image is not null`,
      ],
    ),
  ],
}
