import type { GovernedLevel } from '../../../../contract/configuration/entities.ts'
import { type HardeningItem, mostShown } from '../item.ts'

/** Whether the owner has no budget. The subquery is the same for every key, so that it is read once. */
const unbudgeted = (level: GovernedLevel, ownerId: string) =>
  `coalesce(${ownerId}, '') not in (select owner_id from budgets
     where org_id = (select org_id from given) and owner_kind = '${level}')`

const activeConfigs =
  'provider_configs config where config.org_id = key.org_id and config.virtual_key_id = key.id and config.active'

/** A call goes by one provider’s configuration: their budgets bound a key when each that it may use has one. */
const someCallIsUnbudgeted = `(key.allow_all_providers or not exists (select from ${activeConfigs})
  or exists (select from ${activeConfigs} and ${unbudgeted('provider_config', 'config.id')}))`

const keysWithoutBudget = `
  with given as (select ?::text as org_id, ?::timestamptz as now)
  select key.id, count(*) over () as count from virtual_keys key
  left join users owner on owner.org_id = key.org_id and owner.id = key.user_id
  left join teams team on team.org_id = key.org_id and team.id = coalesce(key.team_id, owner.team_id)
  left join business_units unit on unit.org_id = key.org_id and unit.id = team.business_unit_id
  where key.org_id = (select org_id from given) and key.status = 'active' and coalesce(owner.active, true)
    and (key.expires_at is null or key.expires_at > (select now from given))
    and ${unbudgeted('organization', 'key.org_id')}
    and ${unbudgeted('customer', 'coalesce(key.customer_id, unit.customer_id, team.customer_id)')}
    and ${unbudgeted('business_unit', 'unit.id')}
    and ${unbudgeted('team', 'team.id')}
    and ${unbudgeted('user', 'key.user_id')}
    and ${unbudgeted('virtual_key', 'key.id')}
    and ${someCallIsUnbudgeted}
  order by key.id limit ?`

/** No key spends without a bound. [S1-49] */
export const budgetsConfigured: HardeningItem = {
  id: 'budgets_configured',
  permissions: ['virtual_keys:view', 'budgets:view'],
  detail:
    'Every active virtual key has a budget in its chain: its own, its user’s, team’s, business unit’s, customer’s or the organization’s, or one for each provider that it may use.',
  remediation:
    'Give the keys that are shown, or somebody above them, a budget with "addBudget"; one of the organization bounds all of them. Revoke keys that nobody needs.',
  async check(em, { organizationId, now }) {
    const rows = await em.execute<{ id: string; count: string }[]>(keysWithoutBudget, [
      organizationId,
      new Date(now),
      mostShown,
    ])
    return { count: Number(rows[0]?.count ?? 0), virtualKeyIds: rows.map(({ id }) => id) }
  },
}
