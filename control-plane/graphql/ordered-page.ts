import type { EntityManager, EntityName, FilterQuery } from '@mikro-orm/core'
import { resolveCursorConnection } from '@pothos/plugin-relay'
import { transactionOf } from '../service-context.ts'
import { builder } from './builder.ts'
import type { RequestContext } from './context.ts'
import { BadUserInput } from './errors.ts'
import { checkPage, defaultPageSize, maximumPageSize, type PageArguments } from './pagination.ts'

export const OrderDirectionType = builder.enumType('OrderDirection', {
  description: 'Which end of an order comes first.',
  values: {
    ASC: { value: 'asc', description: 'The smallest or earliest first; what has no value comes last.' },
    DESC: { value: 'desc', description: 'The largest or latest first; what has no value comes first.' },
  } as const,
})

export interface Order<Row> {
  readonly column: keyof Row & string
  readonly direction: 'asc' | 'desc'
  /** Whether rows may have no value. */
  readonly nullable?: boolean
}

type Value = string | number | Date | null

/** Where a row stands: the value that it is ordered by and, among equals, its id. */
interface Position {
  readonly value: Value
  readonly id: string
}

/**
 * One page of the rows that the actor may see, in the order of a column of text, numbers or times, and of the ids
 * among equals. An index on (org_id, column, id) serves it.
 */
export async function listOrderedPage<Row extends { id: string }>(
  { services, actor }: RequestContext,
  entity: EntityName<Row>,
  args: PageArguments,
  { where, order }: { where: FilterQuery<Row>; order: Order<Row> },
) {
  checkPage(args)
  const read = <T>(work: (em: EntityManager) => Promise<T>) => transactionOf(services, actor, work)
  const { column, direction } = order
  const opposite = direction === 'asc' ? 'desc' : 'asc'
  const page = await resolveCursorConnection(
    {
      args,
      defaultSize: defaultPageSize,
      maxSize: maximumPageSize,
      toCursor: (row: unknown) => toCursor(row as Row, column),
    },
    ({ before, after, limit, inverted }) => {
      const bounds = [
        ...(after === undefined ? [] : [beyond(order, readCursor('after', after))]),
        ...(before === undefined
          ? []
          : [beyond({ ...order, direction: opposite }, readCursor('before', before))]),
      ]
      const along = inverted ? opposite : direction
      return read((em) =>
        em.find<Row>(entity, { $and: [where, ...bounds] } as FilterQuery<Row>, {
          limit,
          orderBy: [{ [column]: along }, { id: along }] as never,
        }),
      )
    },
  )
  return { ...page, totalCount: () => read((em) => em.count<Row>(entity, where)) }
}

/** The rows behind a position. PostgreSQL takes null for larger than every value. */
function beyond<Row>({ column, direction, nullable = false }: Order<Row>, { value, id }: Position) {
  const further = direction === 'asc' ? '$gt' : '$lt'
  const equal = { [column]: value, id: { [further]: id } }
  if (value === null) return direction === 'asc' ? equal : { $or: [{ [column]: { $ne: null } }, equal] }
  const behind = [{ [column]: { [further]: value } }, equal]
  if (nullable && direction === 'asc') return { $or: [...behind, { [column]: null }] }
  // Said twice, because an index is entered by the first and not by the second.
  return { $and: [{ [column]: { [`${further}e`]: value } }, { $or: behind }] }
}

function toCursor<Row extends { id: string }>(row: Row, column: keyof Row & string): string {
  const value = row[column]
  const plain = value instanceof Date ? { time: value.getTime() } : value
  return Buffer.from(JSON.stringify([plain, row.id])).toString('base64url')
}

/** @throws BadUserInput for a text that is no cursor of an ordered list. */
function readCursor(field: string, cursor: string): Position {
  const [plain, id] = parseCursor(cursor)
  const value = readValue(plain)
  if (value === undefined || typeof id !== 'string') {
    throw new BadUserInput(field, 'is no cursor of this list in this order')
  }
  return { value, id }
}

function parseCursor(cursor: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(parsed) ? parsed : []
  } catch {
    return []
  }
}

function readValue(plain: unknown): Value | undefined {
  if (plain === null || typeof plain === 'string' || typeof plain === 'number') return plain
  const isTime = typeof plain === 'object' && plain !== null && 'time' in plain
  return isTime && typeof plain.time === 'number' ? new Date(plain.time) : undefined
}
