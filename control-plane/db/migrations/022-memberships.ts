import type { SchemaMigration } from '../migration.ts'
import { tenantTable, unwalled } from '../tenant-table.ts'

const columns = `
  id text primary key,
  org_id text not null references organizations (id),
  workspace_id text not null,
  user_id text not null,
  team_id text,
  business_unit_id text,
  source text not null check (source in ('home', 'manual', 'idp', 'scim')),
  created_at timestamptz not null,
  unique (org_id, id),
  check (num_nonnulls(team_id, business_unit_id) = 1),
  foreign key (org_id, user_id) references users (org_id, id) on delete cascade,
  foreign key (org_id, team_id) references teams (org_id, id),
  foreign key (org_id, business_unit_id) references business_units (org_id, id)`

const ofUser = (id: string) => `'mb_' || substr(${id}, 5)`

/** The team that the calls of a user are charged to is one of theirs, whoever wrote the user, a roll-back included. */
const keepHome = `create function keep_home_membership() returns trigger language plpgsql as $$ begin
    if tg_op = 'UPDATE' and new.team_id is not distinct from old.team_id then
      return null;
    end if;
    delete from memberships where org_id = new.org_id and user_id = new.id and source = 'home';
    insert into memberships (id, org_id, workspace_id, user_id, team_id, source, created_at)
      select ${ofUser('new.id')}, team.org_id, team.workspace_id, new.id, team.id, 'home', now()
      from teams team where team.org_id = new.org_id and team.id = new.team_id;
    return null;
  end $$`

const presentHomes = `insert into memberships (id, org_id, workspace_id, user_id, team_id, source, created_at)
  select ${ofUser('person.id')}, team.org_id, team.workspace_id, person.id, team.id, 'home', person.created_at
  from users person join teams team on team.org_id = person.org_id and team.id = person.team_id`

const setting = (name: string) => `(select coalesce(current_setting('gatehouse.${name}', true), ''))`
const ownTeams = `any (string_to_array(${setting('team_ids')}, ','))`
const ofTeams = `${setting('row_scope')} = 'team' and ${setting('team_ids')} <> ''`
const teamMembers = `select user_id from memberships where team_id = ${ownTeams}`

const ownedBy = `user_id = ${setting('user_id')}
  or (${ofTeams} and (team_id = ${ownTeams} or user_id in (${teamMembers})))`

/** As in 011-roles, but for several teams. */
const visible = {
  virtual_keys: ownedBy,
  usage_records: ownedBy,
  audit_events: `actor_id = ${setting('actor_id')}
    or actor_id in (select id from api_tokens where user_id = ${setting('user_id')})
    or (${ofTeams} and actor_id in (select id from api_tokens where user_id in (${teamMembers})))
    or actor_id in (select id from virtual_keys)`,
}

/** Users belong to several teams and business units, and each membership remembers where it came from. */
export const memberships: SchemaMigration = {
  name: '022-memberships',
  statements: (applicationRole) => [
    `create table memberships (${columns})`,
    ...unwalled(['users', 'teams'], [presentHomes]),
    ...tenantTable('memberships', { applicationRole, workspaces: true }),
    'create unique index on memberships (org_id, user_id, team_id, source) where team_id is not null',
    'create unique index on memberships (org_id, user_id, business_unit_id, source) where business_unit_id is not null',
    'create index on memberships (org_id, user_id, id)',
    'create index on memberships (org_id, team_id, id)',
    'create index on memberships (org_id, business_unit_id, id)',
    keepHome,
    `create trigger home after insert or update of team_id on users
      for each row execute function keep_home_membership()`,
    ...Object.entries(visible).map(
      ([table, rows]) => `alter policy rows on ${table} using (${setting('row_scope')} = '' or ${rows})`,
    ),
  ],
}
