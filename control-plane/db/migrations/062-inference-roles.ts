import type { SchemaMigration } from '../migration.ts'
import { unwalled } from '../tenant-table.ts'

const off = (name: string) => `'{"${name}": false}'`

/** Whether roles decide what people may ask data planes for. Until somebody says so they do not. */
export const inferenceRoles: SchemaMigration = {
  name: '062-inference-roles',
  statements: () => [
    'alter table client_configurations add column roles_govern_inference boolean not null default false',
    'alter table client_configurations alter column roles_govern_inference drop default',
    ...unwalled(
      ['row_images', 'client_configuration_changes'],
      [
        // A roll-back writes the columns that a row had: without it it would leave the new one as it is.
        `update row_images set image = image || ${off('roles_govern_inference')}
           where table_name = 'client_configurations' and image is not null`,
        // What was asked for before says nothing of it, and changes nothing of it.
        `update client_configuration_changes set before = before || ${off('rolesGovernInference')},
           after = after || ${off('rolesGovernInference')}`,
      ],
    ),
  ],
}
