import type { SchemaMigration } from '../migration.ts'
import { quoteIdentifier, tenantTable, unwalled } from '../tenant-table.ts'

const setting = (name: string) => `(select coalesce(current_setting('gatehouse.${name}', true), ''))`
/** One boolean that is evaluated once; see migration 025. */
const unset = (name: string) => `(select coalesce(current_setting('gatehouse.${name}', true), '') = '')`

const seesEverybody = unset('row_scope')
const seesTeams = `(select coalesce(current_setting('gatehouse.row_scope', true), '') = 'team'
  and coalesce(current_setting('gatehouse.team_ids', true), '') <> '')`
const ownTeams = `any ((select string_to_array(current_setting('gatehouse.team_ids', true), ','))::text[])`
const isOwn = `user_id = ${setting('user_id')}
  or (${seesTeams} and (team_id = ${ownTeams} or user_id in (select user_id from memberships where team_id = ${ownTeams})))`

const ofOrganization = `org_id = current_setting('gatehouse.org_id', true)`
const ofWorkspaces = `(${unset('workspace_id')}
  or workspace_id = any ((select string_to_array(current_setting('gatehouse.workspace_id', true), ','))::text[]))`

const model = ['provider_id', 'requested_model', 'upstream_model', 'outcome']
const party = ['team_id', 'customer_id', 'business_unit_id']

interface Rollup {
  readonly unit: 'minute' | 'hour' | 'day'
  readonly dimensions: readonly string[]
  /** What a filter finds the rows by. */
  readonly indexed?: readonly string[]
}

/** `null` is a value of a dimension here: some calls have no team. */
const rollups: Readonly<Record<string, Rollup>> = {
  usage_by_model_minute: { unit: 'minute', dimensions: ['workspace_id', ...model] },
  usage_by_model_hour: { unit: 'hour', dimensions: ['workspace_id', ...model] },
  usage_by_model_day: { unit: 'day', dimensions: ['workspace_id', ...model] },
  usage_by_team_hour: { unit: 'hour', dimensions: ['workspace_id', ...party], indexed: party },
  usage_by_team_day: { unit: 'day', dimensions: ['workspace_id', ...party], indexed: party },
  usage_by_provider_day: {
    unit: 'day',
    dimensions: ['workspace_id', 'provider_id', ...party],
    indexed: ['provider_id'],
  },
  usage_by_user_day: {
    unit: 'day',
    dimensions: ['workspace_id', 'user_id', 'team_id'],
    indexed: ['user_id', 'team_id'],
  },
  usage_by_key_day: {
    unit: 'day',
    dimensions: ['workspace_id', 'virtual_key_id', 'user_id', 'team_id'],
    indexed: ['virtual_key_id', 'user_id', 'team_id'],
  },
  usage_by_call_hour: {
    unit: 'hour',
    dimensions: ['workspace_id', 'virtual_key_id', 'user_id', ...party, ...model],
    indexed: ['virtual_key_id', 'user_id', ...party],
  },
  usage_by_call_day: {
    unit: 'day',
    dimensions: ['workspace_id', 'virtual_key_id', 'user_id', ...party, ...model],
    indexed: ['virtual_key_id', 'user_id', ...party],
  },
}

/** Minutes are kept for a week: older ones would be deleted at once. */
const summedFrom = { minute: `where at >= now() - interval '7 days'`, hour: '', day: '' }

function createRollup(table: string, { unit, dimensions, indexed = [] }: Rollup, applicationRole: string) {
  const names = dimensions.join(', ')
  const columns = dimensions.map((column) => `${column} text`).join(', ')
  const role = quoteIdentifier(applicationRole)
  return [
    `create table ${table} (org_id text not null references organizations (id), at timestamptz not null, ${columns},
       requests bigint not null, input_tokens bigint not null, output_tokens bigint not null,
       cost_nano_usd bigint not null,
       constraint ${table}_key unique nulls not distinct (org_id, at, ${names}))`,
    `insert into ${table}
     select org_id, date_trunc('${unit}', at, 'UTC'), ${names}, count(*), sum(input_tokens), sum(output_tokens),
       sum(cost_nano_usd)
     from usage_records ${summedFrom[unit]} group by org_id, 2, ${names}`,
    ...indexed.map((column) => `create index on ${table} (org_id, ${column}, at)`),
    ...tenantTable(table, { applicationRole, workspaces: true }),
    `alter policy tenant on ${table} using (${ofOrganization} and ${ofWorkspaces})
       with check (${ofOrganization} and ${ofWorkspaces})`,
    ...(unit === 'minute' ? [] : [`revoke delete on ${table} from ${role}`]),
    `create policy rows on ${table} as restrictive for select using (${seesEverybody}${
      dimensions.includes('user_id') ? ` or ${isOwn}` : ''
    })`,
  ]
}

const superseded = ['usage_by_day', 'usage_by_team', 'usage_by_provider', 'usage_by_user', 'usage_by_key']

/** Usage is summed by any of its dimensions, from minutes to months, without the calls being read one by one. */
export const usageRollups: SchemaMigration = {
  name: '043-usage-rollups',
  statements: (applicationRole) => [
    // A call that is recorded meanwhile by a control plane of the release before would be in none of the sums.
    'lock table usage_records in share row exclusive mode',
    ...superseded.map((table) => `drop table ${table}`),
    ...unwalled(
      ['usage_records'],
      Object.entries(rollups).flatMap(([table, rollup]) => createRollup(table, rollup, applicationRole)),
    ),
  ],
}
