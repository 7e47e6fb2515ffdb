import { afterAll, beforeAll, expect, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { rollups } from '../../../control-plane/modules/usage/rollups.ts'
import { createDatabase, type TestDatabase } from '../../environment/index.ts'
import { countedSums, keptSums } from '../usage/kept-sums.ts'
import { emptySchema, runMigrations } from './earlier-schema.ts'

let testDatabase: TestDatabase
beforeAll(async () => {
  testDatabase = await createDatabase()
})
afterAll(() => testDatabase.drop())

/** Of two organizations, from the end of a year to the beginning of the next. */
const calls = `insert into usage_records (org_id, attempt_id, id, workspace_id, data_plane_id, request_id, at, duration_ms,
    operation, streamed, virtual_key_id, user_id, team_id, business_unit_id, customer_id, provider_id,
    requested_model, upstream_model, input_tokens, cached_input_tokens, output_tokens, images, estimated,
    cost_nano_usd, outcome, status, epoch, revision, charges)
  select 'org_' || i % 2, 'att_' || i, 'call_' || i, 'ws_' || i % 2, 'dp', 'req', '2025-12-30'::timestamptz + i * interval '1 hour',
    1, 'chat_completions', false, 'vk_' || i % 7, case when i % 3 > 0 then 'usr_' || i % 5 end,
    case when i % 4 > 0 then 'team_' || i % 3 end, 'bu_' || i % 3, 'cus_' || i % 2, case when i % 5 > 0 then 'prov' end,
    'model-' || i % 4, 'model', i, 0, i, 0, false, 1000003 * i, 'succeeded', 200, 1, 1, '[]'
  from generate_series(1, 150) i`

it('an upgrade finds the calls of earlier releases in all sums, those of months and years included', async () => {
  await withClient(testDatabase.ownerUrl, async (client) => {
    await emptySchema(client)
    await runMigrations(client, (name) => name < '043')
  })
  await withClient(testDatabase.superuserUrl, async (client) => {
    for (const id of ['org_0', 'org_1']) {
      await client.query('insert into organizations (id, name, created_at) values ($1, $1, now())', [id])
    }
    await client.query(calls)
  })
  // The owner, whom row-level security binds too.
  await withClient(testDatabase.ownerUrl, (client) => runMigrations(client, (name) => name >= '043'))

  await withClient(testDatabase.superuserUrl, async (client) => {
    for (const rollup of rollups.filter(({ grain }) => grain !== 'minute')) {
      const kept = await client.query<object>(keptSums(rollup))
      const counted = await client.query<object>(countedSums(rollup))
      expect(kept.rows.length, rollup.table).toBeGreaterThan(3)
      expect(kept.rows, rollup.table).toEqual(counted.rows)
    }
  })
})
