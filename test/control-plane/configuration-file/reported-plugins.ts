import type { Tenant, TestApi } from '../api.ts'

const plugin = { version: '1.0.0', builtin: false, configSchema: { type: 'object' } }

/** Two custom plugins, and a built-in one that they can stand before. */
const plugins = [
  { ...plugin, name: 'audit', builtin: true },
  { ...plugin, name: 'audit-mirror' },
  { ...plugin, name: 'fresh' },
]

/** What a data plane would have said that it has loaded: only that can be configured. */
export async function reportPlugins({ controlPlane }: TestApi, { organizationId }: Tenant): Promise<void> {
  await controlPlane.database.transaction(organizationId, (em) =>
    em.execute(
      `insert into data_planes (org_id, id, name, version, signing_key, sealing_key, enrolled_at, last_seen_at, plugins)
       values (?, ?, 'eu-1', '1.0.0', '{}', '{}', now(), now(), ?::jsonb)`,
      [organizationId, `dp_of_${organizationId}`, JSON.stringify(plugins)],
    ),
  )
}
