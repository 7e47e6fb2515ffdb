import type { EntityName, FilterQuery } from '@mikro-orm/core'
import { checkText } from '../input.ts'
import { builder } from './builder.ts'
import type { RequestContext } from './context.ts'
import { listOrderedPage, OrderDirectionType } from './ordered-page.ts'
import { listPage, type PageArguments } from './pagination.ts'

const longestSearch = 128

const NamedOrderFieldType = builder.enumType('NamedOrderField', {
  description: 'What things with a name can be ordered by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'When they were created.' },
    NAME: { value: 'name', description: 'Their name.' },
  } as const,
})

/** The same for every list of things with a name. */
export const NamedOrderInput = builder.inputType('NamedOrder', {
  description: 'In which order things with a name are listed.',
  fields: (t) => ({
    field: t.field({ type: NamedOrderFieldType, required: true, description: 'By what.' }),
    direction: t.field({
      type: OrderDirectionType,
      required: true,
      defaultValue: 'asc',
      description: 'From which end.',
    }),
  }),
})

export const searchDescription = 'Whose name contains this, whatever its case: 1 to 128 characters.'

interface Named {
  readonly id: string
  readonly name: string
}

export interface NamedListArguments extends PageArguments {
  /** A condition for each column, and `search` for the name; all must hold. */
  readonly filter?: Readonly<Record<string, unknown>> | null | undefined
  readonly orderBy?:
    | { readonly field: 'createdAt' | 'name'; readonly direction: 'asc' | 'desc' }
    | null
    | undefined
}

/** One page of things with a name, oldest first unless said. @throws BadUserInput */
export function listNamed<Row extends Named>(
  context: RequestContext,
  entity: EntityName<Row>,
  { filter, orderBy, ...page }: NamedListArguments,
) {
  const where = conditionOf<Row>(filter ?? {})
  // Ids are in the order of creation, and their cursors need no value beside them.
  if (orderBy?.field !== 'name') {
    return listPage(context, entity, page, { where, newestFirst: orderBy?.direction === 'desc' })
  }
  return listOrderedPage(context, entity, page, {
    where,
    order: { column: 'name', direction: orderBy.direction },
  })
}

function conditionOf<Row>({ search, ...columns }: Readonly<Record<string, unknown>>): FilterQuery<Row> {
  const equal = Object.entries(columns).filter(([, value]) => value != null)
  const named = typeof search === 'string' ? [{ name: { $ilike: containing(search) } }] : []
  return { $and: [Object.fromEntries(equal), ...named] } as FilterQuery<Row>
}

function containing(search: string): string {
  const text = checkText('filter.search', search, { maximumLength: longestSearch })
  return `%${text.replace(/[\\%_]/g, String.raw`\$&`)}%`
}
