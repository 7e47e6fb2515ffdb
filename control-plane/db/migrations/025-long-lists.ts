import type { SchemaMigration } from '../migration.ts'
import { quoteIdentifier, tenantTable, unwalled } from '../tenant-table.ts'

const setting = (name: string) => `(select coalesce(current_setting('gatehouse.${name}', true), ''))`
/**
 * One boolean that is evaluated once. A comparison with a setting would be taken for one that few rows pass, and a
 * whole table be sorted for the first page of it.
 */
const unset = (name: string) => `(select coalesce(current_setting('gatehouse.${name}', true), '') = '')`

const seesEverybody = unset('row_scope')
const seesTeams = `(select coalesce(current_setting('gatehouse.row_scope', true), '') = 'team'
  and coalesce(current_setting('gatehouse.team_ids', true), '') <> '')`
const ownTeams = `any ((select string_to_array(current_setting('gatehouse.team_ids', true), ','))::text[])`
const teamMembers = `select user_id from memberships where team_id = ${ownTeams}`
const isOwn = `user_id = ${setting('user_id')}
  or (${seesTeams} and (team_id = ${ownTeams} or user_id in (${teamMembers})))`

/** Each part is served by an index; the keys' own wall is asked of what they find alone. */
const visibleActors = `(select array(
  select ${setting('actor_id')}
  union all select id from api_tokens where user_id = ${setting('user_id')}
  union all select id from virtual_keys where user_id = ${setting('user_id')}
  union all select id from api_tokens where ${seesTeams} and user_id = any (array(${teamMembers}))
  union all select id from virtual_keys where ${seesTeams} and user_id = any (array(${teamMembers}))
  union all select id from virtual_keys where ${seesTeams} and team_id = ${ownTeams}))`

const visibleRows: Readonly<Record<string, string>> = {
  virtual_keys: isOwn,
  provider_configs: `exists (select from virtual_keys
    where virtual_keys.org_id = provider_configs.org_id and virtual_keys.id = virtual_key_id)`,
  usage_records: isOwn,
  audit_events: `actor_id = any (${visibleActors}::text[])`,
}

const ofOrganization = `org_id = current_setting('gatehouse.org_id', true)`
const ofWorkspaces = `(${unset('workspace_id')}
  or workspace_id = any ((select string_to_array(current_setting('gatehouse.workspace_id', true), ','))::text[]))`

/** What a summary adds up, and what it can be asked for. `null` is a value here: some calls have no team. */
const rollups: Readonly<Record<string, readonly string[]>> = {
  usage_by_day: ['workspace_id', 'provider_id', 'requested_model', 'outcome'],
  usage_by_team: ['team_id', 'workspace_id', 'customer_id', 'business_unit_id'],
  usage_by_provider: ['provider_id', 'workspace_id', 'team_id', 'customer_id', 'business_unit_id'],
  usage_by_user: ['user_id', 'workspace_id', 'team_id', 'outcome'],
  usage_by_key: ['virtual_key_id', 'workspace_id', 'user_id', 'team_id'],
}
const rollupIndexes = {
  usage_by_team: ['customer_id', 'business_unit_id'],
  usage_by_user: ['team_id'],
  usage_by_key: ['user_id', 'team_id'],
}

function createRollup(table: string, dimensions: readonly string[], applicationRole: string): string[] {
  const names = dimensions.join(', ')
  const columns = dimensions.map((column) => `${column} text`).join(', ')
  return [
    `create table ${table} (org_id text not null references organizations (id), day timestamptz not null, ${columns},
       requests bigint not null, input_tokens bigint not null, output_tokens bigint not null,
       cost_nano_usd bigint not null,
       constraint ${table}_key unique nulls not distinct (org_id, ${dimensions[0]}, day, ${dimensions.slice(1).join(', ')}))`,
    `insert into ${table}
     select org_id, date_trunc('day', at, 'UTC'), ${names}, count(*), sum(input_tokens), sum(output_tokens),
       sum(cost_nano_usd)
     from usage_records group by org_id, 2, ${names}`,
    ...tenantTable(table, { applicationRole, workspaces: true }),
    `alter policy tenant on ${table} using (${ofOrganization} and ${ofWorkspaces})
       with check (${ofOrganization} and ${ofWorkspaces})`,
    `revoke delete on ${table} from ${quoteIdentifier(applicationRole)}`,
    `create policy rows on ${table} as restrictive for select using (${seesEverybody}${
      dimensions.includes('user_id') ? ` or ${isOwn}` : ''
    })`,
  ]
}

/** One for each filter of the list, in its order. */
const usageIndexes = [
  '(org_id, virtual_key_id, at, id)',
  '(org_id, user_id, at, id) where user_id is not null',
  '(org_id, team_id, at, id)',
  '(org_id, business_unit_id, at, id) where business_unit_id is not null',
  '(org_id, customer_id, at, id)',
  '(org_id, provider_id, at, id)',
  // Most calls succeed, and are found in the order of time.
  `(org_id, outcome, at, id) where outcome <> 'succeeded'`,
]

/** A request log of millions of calls is listed, filtered and summed without reading more of it than the answer. */
export const longLists: SchemaMigration = {
  name: '025-long-lists',
  statements: (applicationRole) => [
    ...Object.entries(visibleRows).map(
      ([table, visible]) => `alter policy rows on ${table} using (${seesEverybody} or ${visible})`,
    ),
    ...['usage_records', 'virtual_keys'].map(
      (table) => `alter policy tenant on ${table} using (${ofOrganization} and ${ofWorkspaces})
        with check (${ofOrganization} and ${ofWorkspaces})`,
    ),
    `alter policy workspace on audit_events using (${ofWorkspaces})`,
    ...usageIndexes.map((columns) => `create index on usage_records ${columns}`),
    'drop index usage_records_org_id_virtual_key_id_at_idx',
    'drop index usage_records_org_id_team_id_at_idx',
    'drop index usage_records_org_id_customer_id_at_idx',
    // A column, because an operator on JSON is not leakproof: behind row-level security no index serves it.
    'drop index audit_events_org_id_expr_idx',
    `alter table audit_events add column request_id text generated always as
       (case when subject_kind = 'inference' then details->>'requestId' end) stored`,
    'create index on audit_events (org_id, request_id) where request_id is not null',
    'create index on audit_events (org_id, type, id)',
    // With what row-level security looks at, so that the ids of a page are found in the index alone.
    'create index on audit_events (org_id, actor_id, id) include (workspace_id)',
    ...unwalled(
      ['usage_records'],
      Object.entries(rollups).flatMap(([table, dimensions]) =>
        createRollup(table, dimensions, applicationRole),
      ),
    ),
    ...Object.entries(rollupIndexes).flatMap(([table, columns]) =>
      columns.map((column) => `create index on ${table} (org_id, ${column}, day)`),
    ),
  ],
}
