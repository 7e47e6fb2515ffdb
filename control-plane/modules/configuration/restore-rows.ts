import { ForeignKeyConstraintViolationException } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { EntityKey, EntityKind } from '../../../contract/configuration/entities.ts'
import { quoteIdentifier } from '../../db/tenant-table.ts'
import { InUse } from '../../graphql/refusals.ts'
import { requireUnusedRole } from '../roles/index.ts'
import type { EarlierRow } from './earlier-state.ts'
import type { RestorationPlan } from './restoration-plan.ts'
import type { RowKind } from './told-rows.ts'

/** Parents before their children. */
const kinds: Readonly<Record<string, EntityKind | RowKind>> = {
  organizations: 'organization',
  workspaces: 'workspace',
  customers: 'customer',
  business_units: 'business_unit',
  teams: 'team',
  users: 'user',
  providers: 'provider',
  provider_keys: 'provider_key',
  models: 'model',
  access_profiles: 'access_profile',
  profile_provider_configs: 'access_profile',
  roles: 'role',
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
  ...['workspaces', 'customers', 'business_units', 'teams', 'providers', 'provider_keys', 'models'],
  ...['access_profiles', 'roles'],
])
/** What a row has of its own time, and never from an earlier one. Who has to approve what, and who gets in, is not rolled back. */
const kept: ReadonlySet<string> = new Set([
  ...['id', 'org_id', 'version', 'created_at', 'rotated_at', 'rotation'],
  ...['require_approval_for_header_changes', 'accepted_credentials'],
])
/** What was switched off since stays off, as the plan says of its document. */
const staysOff: ReadonlySet<string> = new Set(['users.active'])

/** What is written into rows of its own, and the column that says whose they are. */
const parts: Readonly<Record<string, string>> = {
  provider_configs: 'virtual_key_id',
  profile_provider_configs: 'access_profile_id',
}

export interface Restoration {
  readonly em: EntityManager
  readonly organizationId: string
  readonly plan: RestorationPlan
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * Gives rows back what they were, in the caller's transaction. Those that something newer refers to stay; the plan
 * then says so.
 *
 * @returns the keys of everything that has such rows: `role/role_01…`.
 */
export async function restoreRows(
  restoration: Restoration,
  rows: readonly EarlierRow[],
): Promise<ReadonlySet<string>> {
  const restorer = new RowRestorer(restoration)
  const keys = await restorer.keysOf(rows)
  const wanted = restorer.select(rows, keys)
  const gone = wanted.filter(({ image }) => image === null).toReversed()
  const images = wanted.filter(({ image }) => image !== null)
  const stillUsed = await restorer.remove(gone)
  const names = await restorer.clearNames([...images, ...stillUsed])
  for (const row of images) await (names.has(row.id) ? restorer.update(row) : restorer.insert(row))
  for (const row of await restorer.remove(stillUsed)) await restorer.leave(row, names.get(row.id))
  await restorer.switchOffNewKeys(rows)
  return new Set(keys)
}

class RowRestorer {
  readonly #em: EntityManager
  readonly #organizationId: string
  readonly #plan: RestorationPlan
  readonly #now: number
  readonly #versioned: ReadonlySet<string>

  constructor({ em, organizationId, plan, now }: Restoration) {
    this.#em = em
    this.#organizationId = organizationId
    this.#plan = plan
    this.#now = now
    const known = [...em.getMetadata().getAll().values()]
    this.#versioned = new Set(known.filter((meta) => meta.versionProperty).map((meta) => meta.tableName))
  }

  /** What each row belongs to, in their order. */
  async keysOf(rows: readonly EarlierRow[]): Promise<string[]> {
    const owners = new Map<string, string>()
    for (const [table, column] of Object.entries(parts)) {
      const ofTable = rows.filter((row) => row.table === table)
      for (const { id, owner } of await this.#readOwners(table, column, ofTable)) owners.set(id, owner)
      for (const { id, image } of ofTable) if (image) owners.set(id, String(image[column]))
    }
    return rows.map(({ table, id }) => `${kinds[table]}/${table in parts ? (owners.get(id) ?? '') : id}`)
  }

  #readOwners(table: string, column: string, rows: readonly EarlierRow[]) {
    return this.#em.execute<{ id: string; owner: string }[]>(
      `select id, ${quoteIdentifier(column)} as owner from ${quoteIdentifier(table)}
       where org_id = ? and id in (select jsonb_array_elements_text(?::jsonb))`,
      [this.#organizationId, JSON.stringify(rows.map(({ id }) => id))],
    )
  }

  /** The rows of what the plan changes, parents first. */
  select(rows: readonly EarlierRow[], keys: readonly string[]): EarlierRow[] {
    // A key that was issued since keeps what it has; it is only switched off.
    const newKeys = new Set(newKeyIds(rows).map((id) => `virtual_key/${id}`))
    const selected = rows.filter(({ table }, index) => {
      const key = keys[index] ?? ''
      return table in kinds && !this.#plan.unrestorable.has(key) && !newKeys.has(key)
    })
    return selected.toSorted((a, b) => tables.indexOf(a.table) - tables.indexOf(b.table))
  }

  /** @returns those that could not be removed because others refer to them. */
  async remove(rows: readonly EarlierRow[]): Promise<EarlierRow[]> {
    const left: EarlierRow[] = []
    for (const row of rows) {
      try {
        // A savepoint: a refusal must not end the whole transaction.
        await this.#em.transactional(async (em) => {
          if (row.table === 'roles') await requireUnusedRole(em, row.id, this.#now)
          await em.execute(`delete from ${quoteIdentifier(row.table)} where org_id = ? and id = ?`, [
            this.#organizationId,
            row.id,
          ])
        })
      } catch (error) {
        const isUsed = error instanceof ForeignKeyConstraintViolationException || error instanceof InUse
        if (!isUsed) throw error
        left.push(row)
      }
    }
    return left
  }

  /** @returns the names of the rows that are there, which are out of each other's way now. */
  async clearNames(rows: readonly EarlierRow[]): Promise<ReadonlyMap<string, string | null>> {
    const names = new Map<string, string | null>()
    for (const [table, group] of Map.groupBy(rows, (row) => row.table)) {
      const ids = JSON.stringify(group.map(({ id }) => id))
      const organization = table === 'organizations' ? 'id' : 'org_id'
      const condition = `where ${organization} = ? and id in (select jsonb_array_elements_text(?::jsonb))`
      const of = quoteIdentifier(table)
      const name = named.has(table) ? 'name' : 'null as name'
      const found = await this.#em.execute<{ id: string; name: string | null }[]>(
        `select id, ${name} from ${of} ${condition} for update`,
        [this.#organizationId, ids],
      )
      for (const row of found) names.set(row.id, row.name)
      if (named.has(table))
        await this.#em.execute(`update ${of} set name = id ${condition}`, [this.#organizationId, ids])
    }
    return names
  }

  async update({ table, id, image }: EarlierRow): Promise<void> {
    const columns = Object.keys(image ?? {}).filter((column) => !kept.has(column))
    const list = columns.map(quoteIdentifier).join(', ')
    const values = columns.map((column) =>
      staysOff.has(`${table}.${column}`)
        ? `earlier.${column} and present.${column}`
        : `earlier.${quoteIdentifier(column)}`,
    )
    const organization = table === 'organizations' ? 'id' : 'org_id'
    const version = this.#versioned.has(table) ? ', version = version + 1' : ''
    const name = quoteIdentifier(table)
    await this.#em.execute(
      `update ${name} as present set (${list}) =
         (select ${values.join(', ')} from jsonb_populate_record(null::${name}, ?::jsonb) as earlier)${version}
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

  /** What stays keeps its name and its document. */
  async leave({ table, id }: EarlierRow, name: string | null | undefined): Promise<void> {
    if (named.has(table) && name != null) {
      const sql = `update ${quoteIdentifier(table)} set name = ? where org_id = ? and id = ?`
      await this.#em.execute(sql, [name, this.#organizationId, id])
    }
    const key = `${kinds[table] ?? 'organization'}/${id}` as const
    this.#plan.removals.delete(key as EntityKey)
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
