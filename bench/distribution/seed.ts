import { createHash } from 'node:crypto'
import pg from 'pg'

/** Where the rows go. */
export interface Place {
  readonly organizationId: string
  readonly workspaceId: string
  readonly providerId: string
}

const keysOfTeam = 100

/** The id of a seeded key: like a ULID, its last characters are random, and the same each time. */
export function seededKeyId(number: number): string {
  const digest = createHash('md5').update(`vk ${number}`).digest('hex')
  return `vk_01K${digest.slice(0, 23).toUpperCase()}`
}

const sqlId = (prefix: string, number: string) =>
  `'${prefix}_01K' || upper(left(md5('${prefix} ' || (${number})), 23))`

/**
 * Adds so many active keys and a team for each hundred, past all triggers and walls: what mutations would have written,
 * without the history of how it came about. The new epoch, as after a restored backup, makes control planes read
 * everything anew.
 */
export async function seedKeys(superuserUrl: string, place: Place, keys: number): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  try {
    await client.query('set session_replication_role = replica')
    for (const statement of statementsFor(place, keys)) await client.query(statement)
    await client.query('vacuum (analyze)')
  } finally {
    await client.end()
  }
}

function statementsFor({ organizationId, workspaceId, providerId }: Place, keys: number): string[] {
  const place = `'${organizationId}', '${workspaceId}'`
  const key = sqlId('vk', 'k')
  const team = sqlId('team', `k / ${keysOfTeam}`)
  const config = sqlId('pc', 'k')
  const digest = `encode(sha256(('secret ' || k)::bytea), 'hex')`
  const everyKey = `from generate_series(0, ${keys - 1}) k`
  const everyTeam = `from generate_series(0, ${keys - 1}, ${keysOfTeam}) k`
  const models = `'["gpt-4o-mini", "gpt-4o", "text-embedding-3-small"]'::jsonb`
  return [
    `insert into teams (id, org_id, workspace_id, name, created_at)
     select ${team}, ${place}, 'Team ' || k, now() ${everyTeam}`,
    `insert into virtual_keys (id, org_id, workspace_id, name, team_id, status, created_at)
     select ${key}, ${place}, 'Service ' || k, ${team}, 'active', now() ${everyKey}`,
    `insert into virtual_key_secrets (org_id, digest, virtual_key_id)
     select '${organizationId}', ${digest}, ${key} ${everyKey}`,
    `insert into provider_configs (id, org_id, workspace_id, virtual_key_id, provider_id, weight, allowed_models,
       provider_key_ids)
     select ${config}, ${place}, ${key}, '${providerId}', 1, ${models}, '["*"]' ${everyKey}`,
    `insert into config_entities (org_id, kind, id, document)
     select '${organizationId}', 'team', ${team}, jsonb_build_object('kind', 'team', 'id', ${team},
       'workspaceId', '${workspaceId}', 'customerId', null, 'businessUnitId', null, 'name', 'Team ' || k) ${everyTeam}`,
    `insert into config_entities (org_id, kind, id, document)
     select '${organizationId}', 'virtual_key', ${key}, jsonb_build_object('kind', 'virtual_key', 'id', ${key},
       'workspaceId', '${workspaceId}', 'name', 'Service ' || k, 'status', 'active', 'expiresAt', null,
       'secretDigests', jsonb_build_array(jsonb_build_object('digest', ${digest}, 'expiresAt', null)),
       'owner', jsonb_build_object('kind', 'team', 'id', ${team}),
       'providerConfigs', jsonb_build_array(jsonb_build_object('id', ${config}, 'providerId', '${providerId}',
         'weight', 1, 'allowedModels', ${models}, 'providerKeyIds', jsonb_build_array('*')))) ${everyKey}`,
    'update config_heads set epoch = epoch + 1, revision = revision + 1',
    `insert into config_revisions (org_id, epoch, revision, changes, previous)
     select org_id, epoch, revision, '{"upserts": [], "removals": []}', '[]' from config_heads`,
  ]
}
