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
const unit = ['customer_id', 'business_unit_id']
const team = ['team_id', ...unit]
const key = ['virtual_key_id', 'user_id', 'team_id']

interface Rollup {
  readonly grain: 'quarter' | 'hour' | 'day' | 'month' | 'year'
  readonly dimensions: readonly string[]
  /** What it is added up from: sums, or the calls. */
  readonly source: string
  /** What a filter finds the rows by. */
  readonly indexed?: readonly string[]
}

/** In the order in which they are added up. */
const rollups: Readonly<Record<string, Rollup>> = {
  usage_by_model_quarter: { grain: 'quarter', dimensions: model, source: 'usage_records' },
  usage_by_unit_hour: { grain: 'hour', dimensions: unit, source: 'usage_by_team_hour', indexed: unit },
  usage_by_unit_day: { grain: 'day', dimensions: unit, source: 'usage_by_team_day' },
  usage_by_team_month: { grain: 'month', dimensions: team, source: 'usage_by_team_day', indexed: team },
  usage_by_provider_month: {
    grain: 'month',
    dimensions: ['provider_id', ...team],
    source: 'usage_by_provider_day',
    indexed: ['provider_id'],
  },
  usage_by_unit_model_day: {
    grain: 'day',
    dimensions: [...unit, ...model],
    source: 'usage_by_call_day',
    indexed: unit,
  },
  usage_by_unit_model_month: {
    grain: 'month',
    dimensions: [...unit, ...model],
    source: 'usage_by_unit_model_day',
    indexed: unit,
  },
  usage_by_key_month: { grain: 'month', dimensions: key, source: 'usage_by_key_day', indexed: key },
  usage_by_key_year: { grain: 'year', dimensions: key, source: 'usage_by_key_month', indexed: key },
}

const sums = ['input_tokens', 'output_tokens', 'cost_nano_usd']

/** What security of rows says of a table of usage with these columns. */
function wall(table: string, dimensions: readonly string[], applicationRole: string): string[] {
  return [
    ...tenantTable(table, { applicationRole, workspaces: true }),
    `alter policy tenant on ${table} using (${ofOrganization} and ${ofWorkspaces})
       with check (${ofOrganization} and ${ofWorkspaces})`,
    `create policy rows on ${table} as restrictive for select using (${seesEverybody}${
      dimensions.includes('user_id') ? ` or ${isOwn}` : ''
    })`,
  ]
}

function createRollup([table, rollup]: [string, Rollup]): string[] {
  const dimensions = ['workspace_id', ...rollup.dimensions]
  const names = dimensions.join(', ')
  const requests = rollup.source === 'usage_records' ? 'count(*)' : 'sum(requests)'
  const begin =
    rollup.grain === 'quarter'
      ? `date_bin('15 minutes', at, 'epoch')`
      : `date_trunc('${rollup.grain}', at, 'UTC')`
  // A row of a month is changed by every call: with room beside it that is no work for the indexes.
  const room = rollup.grain === 'month' || rollup.grain === 'year' ? 'with (fillfactor = 70)' : ''
  return [
    `create table ${table} (org_id text not null references organizations (id), at timestamptz not null,
       ${dimensions.map((column) => `${column} text`).join(', ')},
       requests bigint not null, ${sums.map((column) => `${column} bigint not null`).join(', ')}) ${room}`,
    `insert into ${table}
     select org_id, ${begin}, ${names}, ${requests}, ${sums.map((column) => `sum(${column})`).join(', ')}
     from ${rollup.source} group by org_id, 2, ${names} order by org_id, 2, ${names}`,
    `alter table ${table} add constraint ${table}_key unique nulls not distinct (org_id, at, ${names})`,
    ...(rollup.indexed ?? []).map((column) => `create index on ${table} (org_id, ${column}, at)`),
    `analyze ${table}`,
  ]
}

/** Once all are there: the wall binds the migration too, which adds some up from others. */
const wallRollup = ([table, { dimensions }]: [string, Rollup], applicationRole: string) => [
  ...wall(table, dimensions, applicationRole),
  `revoke delete on ${table} from ${quoteIdentifier(applicationRole)}`,
]

const waiting = ['workspace_id', 'virtual_key_id', 'user_id', ...team, ...model]

/** Recorded calls wait here for their sums, so that recording them waits for no table of sums. */
const createUnsummed = (applicationRole: string) => [
  `create table usage_unsummed (org_id text not null references organizations (id), at timestamptz not null,
     ${waiting.map((column) => `${column} text`).join(', ')},
     input_tokens bigint not null, output_tokens bigint not null, cost_nano_usd bigint not null)
   with (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0)`,
  'create index on usage_unsummed (org_id, at)',
  ...wall('usage_unsummed', waiting, applicationRole),
]

/** Replaced by sums of hours, which have hardly more rows, and by sums of months and years. */
const superseded = ['usage_by_call_day', 'usage_by_key_day']
const readOnce = [
  'usage_records',
  'usage_by_team_hour',
  'usage_by_team_day',
  'usage_by_provider_day',
  ...superseded,
]

/** Calls are summed after they were recorded, also by month and year. */
export const deferredSums: SchemaMigration = {
  name: '047-deferred-sums',
  statements: (applicationRole) => [
    // A call that is recorded meanwhile by a control plane of the release before would be in none of the new sums.
    'lock table usage_records in share row exclusive mode',
    ...createUnsummed(applicationRole),
    ...unwalled(readOnce, Object.entries(rollups).flatMap(createRollup)),
    ...Object.entries(rollups).flatMap((rollup) => wallRollup(rollup, applicationRole)),
    ...superseded.map((table) => `drop table ${table}`),
  ],
}
