import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

/** What the keys of a profile are for. Those that there are promise nothing. */
export const profilePurpose: SchemaMigration = {
  name: '027-profile-purpose',
  statements: () => [
    `alter table access_profiles add column purpose text not null default 'general'
       check (purpose in ('general', 'ci'))`,
    'alter table access_profiles alter column purpose drop default',
    // A roll-back writes the columns that a row had: without it a profile would keep a promise of later.
    ...unwalled(
      ['row_images'],
      [
        `update row_images set image = image || '{"purpose": "general"}'
           where table_name = 'access_profiles' and image is not null`,
      ],
    ),
  ],
}
