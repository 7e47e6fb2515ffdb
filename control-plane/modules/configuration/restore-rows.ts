import { ForeignKeyConstraintViolationException } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { EntityKey, EntityKind } from '../../../contract/configuration/entities.ts'
import { quoteIdentifier } from '../../db/tenant-table.ts'
import type { EarlierRow } from './earlier-state.ts'
import type { RestorationPlan } from './restoration-plan.ts'

/** Parents before their children. */
const kinds: Readonly<Record<string, EntityKind>> = {
  organizations: 'organization',
  customers: 'customer',
  business_units: 'business_unit',
  teams: 'team',
  users: 'user',
  providers: 'provider',
  provider_keys: 'provider_key',
  models: 'model',
  virtual_keys: 'virtual_key',
  provider_configs: 'virtual_key',
  budgets: 'budget',
  request_limits: 'request_limit',
  client_configurations: 'client_configuration',
  plugins: 'plugin',
}
const tables = Object.keys(kinds)
/** Their names are unique, so that two that swapped theirs get in each other's way. */
const named: ReadonlySet<string> = new Set([
  ...['customers', 'business_units', 'teams', 'providers', 'provider_keys', 'models'],
])
/** What a row has of its own time, and never from an earlier one. Who has to approve what is not rolled back. */
const kept: ReadonlySet<string> = new Set([
  ...['id', 'org_id', 'version', 'created_at', 'rotated_at', 'rotation'],
  'require_approval_for_header_changes',
])

/**
 * Gives rows back what they were, in the caller's transaction. Those that something newer refers to stay; the plan
 * then says so.
 */
export async function restoreRows(
  em: EntityManager,
  organizationId: string,
  rows: readonly EarlierRow[],
  plan: RestorationPlan,
): Promise<void> {
  const restorer = new RowRestorer(em, organizationId, plan)
  const wanted = await restorer.select(rows)
  const gone = wanted.filter(({ image }) => image === null).toReversed()
  const images = wanted.filter(({ image }) => image !== null)
  const stillUsed = await restorer.remove(gone)
  const present = await restorer.clearNames(images)
  for (const row of images) await (present.has(row.id) ? restorer.update(row) : restorer.insert(row))
  for (const { table, id } of await restorer.remove(stillUsed)) restorer.leave(table, id)
  await restorer.switchOffNewKeys(rows)
}

class RowRestorer {
  readonly #em: EntityManager
  readonly #organizationId: string
  readonly #plan: RestorationPlan

  constructor(em: EntityManager, organizationId: string, plan: RestorationPlan) {
    this.#em = em
    this.#organizationId = organizationId
    this.#plan = plan
  }

  /** The rows of what the plan changes, parents first. */
  async select(rows: readonly EarlierRow[]): Promise<EarlierRow[]> {
    const keyOfConfig = await this.#readKeysOfConfigs(rows)
    // A key that was issued since keeps what it has; it is only switched off.
    const newKeys = new Set(newKeyIds(rows))
    const selected = rows.filter(({ table, id }) => {
      const kind = kinds[table]
      if (kind === undefined) return false
      const entityId = table === 'provider_configs' ? (keyOfConfig.get(id) ?? '') : id
      if (this.#plan.unrestorable.has(`${kind}/${entityId}`)) return false
      return kind !== 'virtual_key' || !newKeys.has(entityId)
    })
    return selected.toSorted((a, b) => tables.indexOf(a.table) - tables.indexOf(b.table))
  }

  async #readKeysOfConfigs(rows: readonly EarlierRow[]): Promise<ReadonlyMap<string, string>> {
    const configs = rows.filter(({ table }) => table === 'provider_configs')
    const known = configs.flatMap(({ id, image }): [string, string][] =>
      image ? [[id, String(image.virtual_key_id)]] : [],
    )
    const found = await this.#em.execute<{ id: string; key: string }[]>(
      `select id, virtual_key_id as key from provider_configs
       where org_id = ? and id in (select jsonb_array_elements_text(?::jsonb))`,
      [this.#organizationId, JSON.stringify(configs.map(({ id }) => id))],
    )
    return new Map([...found.map(({ id, key }): [string, string] => [id, key]), ...known])
  }

  /** @returns those that could not be removed because others refer to them. */
  async remove(rows: readonly EarlierRow[]): Promise<EarlierRow[]> {
    const left: EarlierRow[] = []
    for (const row of rows) {
      try {
        // A savepoint: a refusal must not end the whole transaction.
        await this.#em.transactional((em) =>
          em.execute(`delete from ${quoteIdentifier(row.table)} where org_id = ? and id = ?`, [
            this.#organizationId,
            row.id,
          ]),
        )
      } catch (error) {
        if (!(error instanceof ForeignKeyConstraintViolationException)) throw error
        left.push(row)
      }
    }
    return left
  }

  /** @returns the ids of the rows that are there, their names out of each other's way. */
  async clearNames(rows: readonly EarlierRow[]): Promise<ReadonlySet<string>> {
    const present = new Set<string>()
    for (const [table, group] of Map.groupBy(rows, (row) => row.table)) {
      const ids = JSON.stringify(group.map(({ id }) => id))
      const organization = table === 'organizations' ? 'id' : 'org_id'
      const condition = `where ${organization} = ? and id in (select jsonb_array_elements_text(?::jsonb))`
      const sql = named.has(table)
        ? `update ${quoteIdentifier(table)} set name = id ${condition} returning id`
        : `select id from ${quoteIdentifier(table)} ${condition} for update`
      const found = await this.#em.execute<{ id: string }[]>(sql, [this.#organizationId, ids])
      for (const { id } of found) present.add(id)
    }
    return present
  }

  async update({ table, id, image }: EarlierRow): Promise<void> {
    const columns = Object.keys(image ?? {}).filter((column) => !kept.has(column))
    const list = columns.map(quoteIdentifier).join(', ')
    const organization = table === 'organizations' ? 'id' : 'org_id'
    const version = table === 'provider_configs' ? '' : ', version = version + 1'
    const name = quoteIdentifier(table)
    await this.#em.execute(
      `update ${name} set (${list}) = (select ${list} from jsonb_populate_record(null::${name}, ?::jsonb))${version}
       where ${organization} = ? and id = ?`,
      [JSON.stringify(image), this.#organizationId, id],
    )
  }

  async insert({ table, image }: EarlierRow): Promise<void> {
    const columns = Object.keys(image ?? {})
    const list = columns.map(quoteIdentifier).join(', ')
    const name = quoteIdentifier(table)
    await this.#em.execute(
      `insert into ${name} (${list}) select ${list} from jsonb_populate_record(null::${name}, ?::jsonb)`,
      [JSON.stringify(image)],
    )
  }

  /** What stays keeps its document too. */
  leave(table: string, id: string): void {
    const key: EntityKey = `${kinds[table] ?? 'organization'}/${id}`
    this.#plan.removals.delete(key)
    this.#plan.unrestorable.set(key, `${key.replace('/', ' ')} is used by what came after it`)
  }

  async switchOffNewKeys(rows: readonly EarlierRow[]): Promise<void> {
    await this.#em.execute(
      `update virtual_keys set status = 'inactive', version = version + 1
       where org_id = ? and status = 'active' and id in (select jsonb_array_elements_text(?::jsonb))`,
      [this.#organizationId, JSON.stringify(newKeyIds(rows))],
    )
  }
}

function newKeyIds(rows: readonly EarlierRow[]): string[] {
  return rows.filter(({ table, image }) => table === 'virtual_keys' && image === null).map(({ id }) => id)
}
