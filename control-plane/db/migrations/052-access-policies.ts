import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

/** What decides about rights besides tokens: a stream looks at once whether its subscriber still may follow it. */
const watched = {
  access_policies: ['insert', 'update', 'delete'],
  role_assignments: ['update', 'delete'],
  roles: ['update'],
  users: ['update'],
} as const

/** What people and API tokens may not do, whatever their roles say, and when. */
export const accessPolicies: SchemaMigration = {
  name: '052-access-policies',
  statements: (applicationRole) => [
    `create table access_policies (
       id text primary key,
       org_id text not null references organizations (id),
       version integer not null default 1,
       name text not null,
       description text not null,
       enabled boolean not null,
       effect text not null check (effect in ('deny_when', 'deny_unless')),
       permissions jsonb not null,
       everybody boolean not null,
       role_ids jsonb not null,
       user_ids jsonb not null,
       time_windows jsonb not null,
       condition text,
       created_at timestamptz not null,
       unique (org_id, id),
       constraint access_policies_name_key unique (org_id, name))`,
    ...tenantTable('access_policies', { applicationRole }),
    ...Object.entries(watched).flatMap(([table, events]) =>
      events.map((event) => announcement(table, event)),
    ),
  ],
}

function announcement(table: string, event: 'insert' | 'update' | 'delete'): string {
  return `create trigger announce_access_${event} after ${event} on ${table}
    referencing ${event === 'delete' ? 'old' : 'new'} table as changed
    for each statement execute function announce_rows('access')`
}
