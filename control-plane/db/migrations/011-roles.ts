import type { SchemaMigration } from '../migration.ts'
import { tenantTable, unwalled } from '../tenant-table.ts'

const roleColumns = `
  id text not null,
  org_id text not null references organizations (id),
  name text not null,
  description text not null,
  system boolean not null,
  permissions jsonb not null,
  inherited_role_ids jsonb not null,
  workspace_ids jsonb,
  row_scope text not null check (row_scope in ('own', 'team', 'all')),
  created_at timestamptz not null,
  primary key (org_id, id),
  constraint roles_name_key unique (org_id, name)`

const assignmentColumns = `
  id text primary key,
  org_id text not null references organizations (id),
  user_id text not null,
  role_id text not null,
  expires_at timestamptz,
  created_at timestamptz not null,
  unique (org_id, id),
  constraint role_assignments_user_role_key unique (org_id, user_id, role_id),
  foreign key (org_id, user_id) references users (org_id, id) on delete cascade,
  foreign key (org_id, role_id) references roles (org_id, id)`

/** What a role may do is in contract/permissions.ts; its row is what tokens and assignments refer to. */
const systemRolesOfOrganizations = `
  insert into roles (id, org_id, name, description, system, permissions, inherited_role_ids, row_scope, created_at)
  select 'role_' || name, id, name, '', true, '[]', '[]', 'all', created_at
  from (select id, created_at from organizations) organization, unnest(array['admin', 'developer', 'viewer']) name`

const tokensNameRoles = [
  'alter table api_tokens add column role_id text, add column user_id text',
  `update api_tokens set role_id = 'role_' || role`,
  // A token that has ended keeps no role from being deleted.
  `alter table api_tokens drop column role,
     add foreign key (org_id, role_id) references roles (org_id, id) on delete set null (role_id),
     add foreign key (org_id, user_id) references users (org_id, id) on delete cascade`,
]

/** The policies of the tables that are there compare with one workspace; now there may be several. */
const severalWorkspaces = `do $$ declare wall record; begin
  for wall in select tablename, qual from pg_policies where policyname = 'tenant'
    and qual like '%= current_setting(''gatehouse.workspace_id''::text, true)%'
  loop
    execute format('alter policy tenant on %I using (%s) with check (%2$s)', wall.tablename, replace(wall.qual,
      '= current_setting(''gatehouse.workspace_id''::text, true)',
      '= any (string_to_array(current_setting(''gatehouse.workspace_id''::text, true), '',''))'));
  end loop;
end $$`

const setting = (name: string) => `(select coalesce(current_setting('gatehouse.${name}', true), ''))`
const ofTeam = `${setting('row_scope')} = 'team' and ${setting('team_id')} <> ''`
const teamMembers = `select id from users where team_id = ${setting('team_id')}`

/** Hides rows of others from whoever sees only their own or their team's. */
function rowWall(table: string, operation: 'all' | 'select', visible: string): string {
  return `create policy rows on ${table} as restrictive for ${operation}
    using (${setting('row_scope')} = '' or ${visible})`
}

const ownedBy = (userColumn: string, teamColumn: string) => `${userColumn} = ${setting('user_id')}
  or (${ofTeam} and (${teamColumn} = ${setting('team_id')} or ${userColumn} in (${teamMembers})))`

const rowWalls = [
  rowWall('virtual_keys', 'all', ownedBy('user_id', 'team_id')),
  // The wall of virtual_keys holds in the subquery too.
  rowWall('provider_configs', 'all', 'virtual_key_id in (select id from virtual_keys)'),
  rowWall('usage_records', 'select', ownedBy('user_id', 'team_id')),
  rowWall(
    'audit_events',
    'select',
    `actor_id = ${setting('actor_id')}
     or actor_id in (select id from api_tokens where user_id = ${setting('user_id')})
     or (${ofTeam} and actor_id in (select id from api_tokens where user_id in (${teamMembers})))
     or actor_id in (select id from virtual_keys)`,
  ),
]

export const roles: SchemaMigration = {
  name: '011-roles',
  statements: (applicationRole) => [
    `create table roles (${roleColumns})`,
    ...unwalled(['organizations', 'api_tokens'], [systemRolesOfOrganizations, ...tokensNameRoles]),
    ...tenantTable('roles', { applicationRole }),
    `create table role_assignments (${assignmentColumns})`,
    ...tenantTable('role_assignments', { applicationRole }),
    'create index on role_assignments (org_id, role_id)',
    'create index on api_tokens (org_id, user_id) where user_id is not null',
    'create index on api_tokens (org_id, role_id)',
    severalWorkspaces,
    ...rowWalls,
    `create policy workspace on audit_events as restrictive for select
       using (${setting('workspace_id')} = ''
         or workspace_id = any (string_to_array(${setting('workspace_id')}, ',')))`,
  ],
}
