import type { EntityManager, EntityName, FilterQuery } from '@mikro-orm/core'
import { resolveCursorConnection } from '@pothos/plugin-relay'
import { transactionOf } from '../service-context.ts'
import type { RequestContext } from './context.ts'
import { BadUserInput } from './errors.ts'

export const defaultPageSize = 50
export const maximumPageSize = 100

export interface PageArguments {
  readonly first?: number | null | undefined
  readonly last?: number | null | undefined
  readonly before?: string | null | undefined
  readonly after?: string | null | undefined
}

export interface Listing<Row extends { id: string }> {
  readonly where?: FilterQuery<Row>
  /** Newest first instead of oldest first. */
  readonly newestFirst?: boolean
  /** Count no further than this; without it, all. */
  readonly countUpTo?: number
  /** Look for the ids of a page before its rows, where an index has all that the condition asks. */
  readonly idsFirst?: boolean
}

/** Half a row must not be taken for a whole one afterwards. */
const onlyIds = { fields: ['id'] as never, disableIdentityMap: true }

/** One page of the rows that the actor may see, ordered by id, which is the order of creation. */
export async function listPage<Row extends { id: string }>(
  { services, actor }: RequestContext,
  entity: EntityName<Row>,
  args: PageArguments,
  { where = {}, newestFirst = false, countUpTo, idsFirst = false }: Listing<Row> = {},
) {
  checkPage(args)
  const read = <T>(work: (em: EntityManager) => Promise<T>) => transactionOf(services, actor, work)
  const page = await resolveCursorConnection(
    { args, defaultSize: defaultPageSize, maxSize: maximumPageSize, toCursor: idOf },
    ({ before, after, limit, inverted }) => {
      const [lower, upper] = newestFirst ? [before, after] : [after, before]
      const bounds = [
        ...(lower === undefined ? [] : [{ id: { $gt: lower } }]),
        ...(upper === undefined ? [] : [{ id: { $lt: upper } }]),
      ]
      const orderBy = { id: newestFirst === inverted ? 'asc' : 'desc' } as never
      return read(async (em) => {
        const page = { $and: [where, ...bounds] } as FilterQuery<Row>
        if (!idsFirst) return em.find<Row>(entity, page, { orderBy, limit })
        const ids = await em.find(entity, page, { ...onlyIds, orderBy, limit })
        return em.find<Row>(entity, { id: { $in: ids.map(idOf) } } as object as FilterQuery<Row>, { orderBy })
      })
    },
  )
  let counted: Promise<Count> | undefined
  const count = () => {
    counted ??= read((em) => countRows(em, entity, where, countUpTo))
    return counted
  }
  return {
    ...page,
    totalCount: async () => (await count()).rows,
    totalCountIsExact: async () => (await count()).isExact,
  }
}

interface Count {
  readonly rows: number
  readonly isExact: boolean
}

async function countRows<Row extends { id: string }>(
  em: EntityManager,
  entity: EntityName<Row>,
  where: FilterQuery<Row>,
  upTo: number | undefined,
): Promise<Count> {
  if (upTo !== undefined) {
    const beyond = await em.find(entity, where, { ...onlyIds, offset: upTo, limit: 1 })
    if (beyond.length > 0) return { rows: upTo, isExact: false }
  }
  return { rows: await em.count<Row>(entity, where), isExact: true }
}

/** @throws BadUserInput */
export function checkNodeCount(count: number): void {
  if (count > maximumPageSize) {
    throw new BadUserInput('ids', `must name at most ${maximumPageSize} objects, not ${count}`)
  }
}

/** @throws BadUserInput */
export function checkPage({ first, last }: PageArguments): void {
  for (const [name, size] of [['first', first] as const, ['last', last] as const]) {
    if (size != null && (size < 1 || size > maximumPageSize)) {
      throw new BadUserInput(name, `must be from 1 to ${maximumPageSize}; page with "after" for more`)
    }
  }
  if (first != null && last != null) throw new BadUserInput('last', 'cannot be combined with "first"')
}

/** Where a row stands in its list. */
export function idOf(row: unknown): string {
  return (row as { id: string }).id
}
