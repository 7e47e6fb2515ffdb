import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

/** What an organization takes away from a system role; what it adds is in `permissions`, as a role's own. */
export const systemRolePermissions: SchemaMigration = {
  name: '023-system-role-permissions',
  statements: () => [
    `alter table roles add column withheld_permissions jsonb not null default '[]'`,
    'alter table roles alter column withheld_permissions drop default',
    // A roll-back writes the columns that a row had: without it, it would leave the later one as it is.
    ...unwalled(
      ['row_images'],
      [
        `update row_images set
           image = image || jsonb_build_object('withheld_permissions', '[]'::jsonb),
           present = present || jsonb_build_object('withheld_permissions', '[]'::jsonb)
         where table_name = 'roles'`,
      ],
    ),
  ],
}
