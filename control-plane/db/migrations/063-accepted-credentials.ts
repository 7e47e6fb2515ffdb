import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

const every = '["API_TOKEN", "JWT", "SESSION"]'
const all = (name: string) => `'{"${name}": ${every}}'`

/** Which kinds of credentials the control plane accepts of an organization's people and programs. Until somebody says so all. */
export const acceptedCredentials: SchemaMigration = {
  name: '063-accepted-credentials',
  statements: () => [
    `alter table client_configurations add column accepted_credentials jsonb not null default '${every}'`,
    'alter table client_configurations alter column accepted_credentials drop default',
    ...unwalled(
      ['row_images', 'client_configuration_changes'],
      [
        // A roll-back inserts the columns that a row had: without it there would be none for the new one.
        `update row_images set image = image || ${all('accepted_credentials')}
           where table_name = 'client_configurations' and image is not null`,
        // What was asked for before says nothing of it, and changes nothing of it.
        `update client_configuration_changes set before = before || ${all('acceptedCredentials')},
           after = after || ${all('acceptedCredentials')}`,
      ],
    ),
    // A control plane of the release before goes on issuing tokens until it is restarted, none of them for recovery.
    'alter table api_tokens add column for_recovery boolean not null default false',
    // Whoever follows something is authenticated anew at once.
    `create trigger announce_update after update on client_configurations referencing new table as changed
       for each statement execute function announce_rows('access')`,
  ],
}
