import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

/** Of a user whom nobody has restricted. */
const additions = {
  allowed_models: '["*"]',
  denied_models: '[]',
  allowed_providers: '["*"]',
  denied_providers: '[]',
}

const earlierImage = Object.entries(additions)
  .map(([name, value]) => `'${name}', '${value}'::jsonb`)
  .join(', ')

/** Which models and providers the keys of a user may ask for. */
export const userAccess: SchemaMigration = {
  name: '021-user-access',
  statements: () => [
    ...Object.entries(additions).flatMap(([name, value]) => [
      `alter table users add column ${name} jsonb not null default '${value}'`,
      `alter table users alter column ${name} drop default`,
    ]),
    // A roll-back writes the columns that a row had: without these it would leave the later ones as they are.
    ...unwalled(
      ['row_images'],
      [
        `update row_images set image = image || jsonb_build_object(${earlierImage})
           where table_name = 'users' and image is not null`,
      ],
    ),
  ],
}
