import type pg from 'pg'
import { seedSums, withoutIndexes } from './seed-sums.ts'

/** Where the rows go, and how many calls there are. */
export interface Seed {
  readonly organizationId: string
  readonly workspaceId: string
  readonly usageRows: number
  /** Whether each call has its audit event. */
  readonly auditEvents: boolean
}

const rowsAtOnce = 500_000
const spanDays = 90

/** How many of each there are. */
export const counts = {
  customers: 50,
  businessUnits: 200,
  teams: 1_000,
  users: 10_000,
  keys: 100_000,
} as const

/** An id as Gatehouse makes them: a prefix and 26 characters, which rise with the number. */
export const idOf = (prefix: string, number: number) => `${prefix}_01K${String(number).padStart(23, '0')}`
const sqlIdOf = (prefix: string, number: string) => `'${prefix}_01K' || lpad((${number})::text, 23, '0')`

/** Ten keys a user: eight are the user's own, one is the team's and one the customer's. */
const userId = sqlIdOf('usr', 'u')
const teamId = sqlIdOf('team', `u % ${counts.teams}`)
const businessUnitId = sqlIdOf('bu', `u % ${counts.businessUnits}`)
const customerId = sqlIdOf('cus', `u % ${counts.customers}`)
const ofUser = (id: string) => `case when k % 10 < 8 then ${id} end`
const ofTeam = (id: string) => `case when k % 10 < 9 then ${id} end`

/** Fills an empty organization, past all triggers and walls. The same rows each time, ending now. */
export async function seed(client: pg.Client, into: Seed, progress: (text: string) => void): Promise<void> {
  await client.query(
    `set session_replication_role = replica; set maintenance_work_mem = '1GB'; set work_mem = '512MB'`,
  )
  await client.query('select setseed(0.5)')
  for (const statement of hierarchy(into)) await client.query(statement)
  progress(`${counts.keys} keys, ${counts.users} users, ${counts.teams} teams are there`)
  await withoutIndexes(client, ['usage_records', 'audit_events'], async () => {
    for (let from = 0; from < into.usageRows; from += rowsAtOnce) {
      const to = Math.min(from + rowsAtOnce, into.usageRows)
      for (const statement of calls(into, from, to)) await client.query(statement)
      progress(`${to} calls${into.auditEvents ? ', each with its audit event' : ''}`)
    }
  })
  progress('their indexes are built')
  await seedSums(client, progress)
  await client.query('vacuum (analyze)')
}

function hierarchy({ organizationId, workspaceId }: Seed): string[] {
  const place = `'${organizationId}', '${workspaceId}'`
  const many = (count: number, of = 'u') => `from generate_series(0, ${count - 1}) ${of}`
  return [
    `insert into customers (id, org_id, workspace_id, name, created_at)
     select ${customerId}, ${place}, 'Customer ' || u, now() ${many(counts.customers)}`,
    `insert into business_units (id, org_id, workspace_id, customer_id, name, created_at)
     select ${businessUnitId}, ${place}, ${customerId}, 'Unit ' || u, now() ${many(counts.businessUnits)}`,
    `insert into teams (id, org_id, workspace_id, customer_id, business_unit_id, name, created_at)
     select ${teamId}, ${place}, ${customerId}, ${businessUnitId}, 'Team ' || u, now() ${many(counts.teams)}`,
    `insert into users (id, org_id, team_id, name, email, active, created_at, allowed_models, denied_models,
       allowed_providers, denied_providers)
     select ${userId}, '${organizationId}', ${teamId}, 'Person ' || u || ' ' || substr(md5(u::text), 1, 8),
       'person-' || u || '@example.com', u % 20 > 0, now(), '["*"]', '[]', '["*"]', '[]' ${many(counts.users)}`,
    `insert into memberships (id, org_id, workspace_id, user_id, team_id, source, created_at)
     select 'mb_' || substr(id, 5), org_id, '${workspaceId}', id, team_id, 'home', created_at from users`,
    `insert into providers (id, org_id, name, base_url, allow_private_network, active, connect_timeout_ms,
       idle_timeout_ms, when_caller_leaves, created_at)
     select ${sqlIdOf('prov', 'p')}, '${organizationId}', 'provider-' || p, 'https://provider.example', false, true,
       5000, 60000, 'drain_capped', now() ${many(4, 'p')}`,
    `insert into virtual_keys (id, org_id, workspace_id, name, tags, user_id, team_id, customer_id, status,
       priority, expires_at, created_at)
     select ${sqlIdOf('vk', 'k')}, ${place}, 'Key ' || k || ' of ' || substr(md5(k::text), 1, 8),
       jsonb_build_array('tag-' || k % 500), ${ofUser(userId)},
       case when k % 10 = 8 then ${teamId} end, case when k % 10 = 9 then ${customerId} end,
       (array['active', 'active', 'active', 'active', 'active', 'active', 'inactive', 'revoked'])[k % 8 + 1],
       'normal', case when k % 3 = 0 then now() + make_interval(mins => k) end, now()
     from (select k, k / 10 as u ${many(counts.keys, 'k')}) key`,
    `insert into provider_configs (id, org_id, workspace_id, virtual_key_id, provider_id, weight, allowed_models,
       provider_key_ids)
     select ${sqlIdOf('pc', 'k')}, ${place}, ${sqlIdOf('vk', 'k')}, ${sqlIdOf('prov', 'k % 4')}, 1, '["*"]', '["*"]'
     ${many(counts.keys, 'k')}`,
  ]
}

/** Calls in the order of time; a few keys make most of them. */
function calls(into: Seed, from: number, to: number): string[] {
  const { organizationId, workspaceId, usageRows, auditEvents } = into
  const at = `date_trunc('milliseconds', now() - interval '${spanDays} days' * (1 - i::float8 / ${usageRows}))`
  return [
    `create temporary table call as
     select i, k, k / 10 as u, ${at} as at, m, m % 4 as p,
       case when r < 0.94 then 'succeeded' when r < 0.97 then 'denied' when r < 0.99 then 'failed'
         else 'cancelled' end as outcome
     from (select i, floor(${counts.keys} * random() ^ 3)::int as k, floor(12 * random() ^ 2)::int as m, random() as r
       from generate_series(${from}, ${to - 1}) i) drawn`,
    `insert into usage_records (org_id, attempt_id, id, workspace_id, data_plane_id, request_id, at, duration_ms,
       operation, streamed, virtual_key_id, user_id, team_id, business_unit_id, customer_id, provider_id,
       provider_config_id, requested_model, upstream_model, input_tokens, cached_input_tokens, output_tokens, images,
       estimated, cost_nano_usd, outcome, status, error_code, epoch, revision, charges)
     select '${organizationId}', ${sqlIdOf('att', 'i')}, ${sqlIdOf('call', 'i')}, '${workspaceId}', 'dp_bench',
       ${sqlIdOf('req', 'i')}, at, 500, 'chat_completions', i % 2 = 0, ${sqlIdOf('vk', 'k')}, ${ofUser(userId)},
       ${ofTeam(teamId)}, ${ofTeam(businessUnitId)}, ${customerId},
       case when outcome <> 'denied' then ${sqlIdOf('prov', 'p')} end,
       case when outcome <> 'denied' then ${sqlIdOf('pc', 'k')} end, 'model-' || m, 'model-' || m, 100 + k % 900, 0,
       20 + k % 400, 0, false, case when outcome = 'denied' then 0 else 1000 * (100 + k % 900) end, outcome,
       case outcome when 'succeeded' then 200 when 'denied' then 403 else 502 end,
       case outcome when 'denied' then 'model_not_allowed' end, 1, 1, '[]'
     from call order by i`,
    ...(auditEvents ? [auditEventsOf(into)] : []),
    'drop table call',
  ]
}

function auditEventsOf({ organizationId, workspaceId }: Seed): string {
  return `insert into audit_events (id, org_id, workspace_id, at, type, actor_kind, actor_id, actor_name, subject_kind,
       subject_id, outcome, details)
     select ${sqlIdOf('evt', 'i')}, '${organizationId}', '${workspaceId}', at, 'inference.' || outcome, 'virtual_key',
       ${sqlIdOf('vk', 'k')}, 'Key ' || k, 'inference', ${sqlIdOf('att', 'i')}, outcome,
       jsonb_build_object('requestId', ${sqlIdOf('req', 'i')}, 'requestedModel', 'model-' || m, 'providerId',
         ${sqlIdOf('prov', 'p')}, 'userId', ${ofUser(userId)}, 'teamId', ${ofTeam(teamId)}, 'costNanoUsd',
         1000 * (100 + k % 900), 'durationMs', 500, 'operation', 'chat_completions', 'status', 200)
     from call order by i`
}
