import type { EntityName, FilterQuery } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { createContextCache } from '@pothos/core'
import { type ResolveCursorConnectionArgs, resolveCursorConnection } from '@pothos/plugin-relay'
import DataLoader from 'dataloader'
import { transactionOf } from '../service-context.ts'
import type { RequestContext } from './context.ts'
import { checkPage, defaultPageSize, idOf, maximumPageSize, type PageArguments } from './pagination.ts'

/** The rows that name a parent. */
export interface NestedRows<Row extends { id: string }> {
  readonly entity: EntityName<Row>
  readonly table: 'users' | 'virtual_keys' | 'model_prices' | 'memberships'
  /** The column that holds the parent's id. */
  readonly column: 'team_id' | 'business_unit_id' | 'user_id' | 'model_id'
}

interface Bounds {
  readonly after?: string | undefined
  readonly before?: string | undefined
  readonly limit: number
  readonly isAscending: boolean
}

/** One loader for each list and page that an operation asks for. */
const loadersOf = createContextCache((_context: object) => new Map<string, unknown>())

/**
 * One page of the rows below a parent, oldest first. However many parents an answer has, their pages are read
 * together.
 */
export async function listPageBelow<Row extends { id: string }>(
  context: RequestContext,
  rows: NestedRows<Row>,
  parentId: string,
  args: PageArguments,
) {
  checkPage(args)
  const page = await resolveCursorConnection(
    { args, defaultSize: defaultPageSize, maxSize: maximumPageSize, toCursor: idOf },
    ({ before, after, limit, inverted }: ResolveCursorConnectionArgs): Promise<Row[]> => {
      const bounds = { before, after, limit, isAscending: !inverted }
      const key = JSON.stringify(['page', rows.table, rows.column, bounds])
      return loaderOf(context, key, (parentIds) => readPages(context, rows, parentIds, bounds)).load(parentId)
    },
  )
  const countKey = JSON.stringify(['count', rows.table, rows.column])
  return {
    ...page,
    totalCount: () =>
      loaderOf(context, countKey, (parentIds) => readCounts(context, rows, parentIds)).load(parentId),
  }
}

function loaderOf<Value>(
  context: RequestContext,
  key: string,
  read: (parentIds: readonly string[]) => Promise<Value[]>,
): DataLoader<string, Value> {
  const loaders = loadersOf(context)
  const present = loaders.get(key)
  // The key says which list and page it is, and with it the type of what it loads.
  if (present) return present as DataLoader<string, Value>
  const loader = new DataLoader<string, Value>(read)
  loaders.set(key, loader)
  return loader
}

function readPages<Row extends { id: string }>(
  { services, actor }: RequestContext,
  { entity, table, column }: NestedRows<Row>,
  parentIds: readonly string[],
  { after, before, limit, isAscending }: Bounds,
): Promise<Row[][]> {
  return transactionOf(services, actor, async (em) => {
    const found = await em.execute<{ parent: string; id: string }[]>(
      `select parent.id as parent, child.id
       from jsonb_array_elements_text(?::jsonb) parent (id) cross join lateral (
         select id from ${table} where org_id = ? and ${column} = parent.id
           and (?::text is null or id > ?) and (?::text is null or id < ?)
         order by id ${isAscending ? 'asc' : 'desc'} limit ?) child`,
      [
        ...[JSON.stringify(parentIds), actor.organizationId],
        ...[after ?? null, after ?? null, before ?? null, before ?? null, limit],
      ],
    )
    const rows = await findRows(em, entity, found)
    const byParent = Map.groupBy(found, ({ parent }) => parent)
    return parentIds.map((parent) => (byParent.get(parent) ?? []).flatMap(({ id }) => rows.get(id) ?? []))
  })
}

async function findRows<Row extends { id: string }>(
  em: EntityManager,
  entity: EntityName<Row>,
  found: readonly { readonly id: string }[],
): Promise<ReadonlyMap<string, Row>> {
  if (found.length === 0) return new Map()
  const where = { id: { $in: found.map(({ id }) => id) } } as object as FilterQuery<Row>
  const rows = await em.find<Row>(entity, where)
  return new Map<string, Row>(rows.map((row) => [row.id, row]))
}

function readCounts<Row extends { id: string }>(
  { services, actor }: RequestContext,
  { table, column }: NestedRows<Row>,
  parentIds: readonly string[],
): Promise<number[]> {
  return transactionOf(services, actor, async (em) => {
    const counted = await em.execute<{ parent: string; count: string }[]>(
      `select ${column} as parent, count(*) from ${table}
       where org_id = ? and ${column} in (select jsonb_array_elements_text(?::jsonb)) group by ${column}`,
      [actor.organizationId, JSON.stringify(parentIds)],
    )
    const counts = new Map(counted.map(({ parent, count }) => [parent, Number(count)]))
    return parentIds.map((parent) => counts.get(parent) ?? 0)
  })
}
