import SchemaBuilder from '@pothos/core'
import ComplexityPlugin from '@pothos/plugin-complexity'
import DataloaderPlugin from '@pothos/plugin-dataloader'
import ErrorsPlugin from '@pothos/plugin-errors'
import RelayPlugin from '@pothos/plugin-relay'
import type { Json } from '../../contract/canonical.ts'
import type { RequestContext } from './context.ts'
import './argument-rules-plugin.ts'
import './idempotency-plugin.ts'
import './permission-plugin.ts'
import './schema-types.ts'
import { excessOf } from './complexity.ts'
import { OperationTooCostly } from './errors.ts'
import { typeNameOfId } from './node-types.ts'
import { checkNodeCount, defaultPageSize, maximumPageSize } from './pagination.ts'

/** The most that one operation may cost; a list counts its children once for each row it may return. */
const complexityLimit = 20_000
const depthLimit = 15
const breadthLimit = 1_000
/** What a list counts that has no page size. */
const listMultiplier = 10

export const builder = new SchemaBuilder<{
  Context: RequestContext
  Scalars: {
    ID: { Input: string; Output: string }
    NanoUsd: { Input: bigint; Output: bigint | string | number }
    DateTime: { Input: Date; Output: Date }
    /** Seconds. */
    Duration: { Input: number; Output: number }
    JSON: { Input: Json; Output: unknown }
  }
  Connection: { totalCount: () => Promise<number> }
  DefaultFieldNullability: false
  DefaultEdgesNullability: { list: false; items: false }
}>({
  defaultFieldNullability: false,
  // The first plugin wraps outermost: a refusal of permission is never mistaken for a mutation's own refusal.
  plugins: [
    ErrorsPlugin,
    'permission',
    'argumentRules',
    'idempotency',
    RelayPlugin,
    DataloaderPlugin,
    ComplexityPlugin,
  ],
  errors: {
    directResult: true,
    defaultUnionOptions: {
      name: ({ fieldName }) => `${fieldName.charAt(0).toUpperCase()}${fieldName.slice(1)}Result`,
      description: 'What was done, or the refusal that says why not.',
    },
  },
  complexity: {
    limit: { complexity: complexityLimit, depth: depthLimit, breadth: breadthLimit },
    defaultListMultiplier: listMultiplier,
    complexityError: (kind, cost) => new OperationTooCostly(excessOf(kind, cost)),
    fieldComplexity: ({ first, last }, _context, { args }) => {
      if (!args.some(({ name }) => name === 'first')) return 1
      const size = Number(first ?? last ?? defaultPageSize)
      // Below the connection its list of edges multiplies too.
      return { field: 1, multiplier: Math.max(1, size) / listMultiplier }
    },
  },
  relay: {
    cursorType: 'String',
    idFieldOptions: { description: 'The id: a prefix that names the type, and a ULID.' },
    nodeTypeOptions: { description: 'Whatever has an id.' },
    pageInfoTypeOptions: { description: 'Where a page stands in its list.' },
    pageInfoFieldOptions: { description: 'Where this page stands in the list.' },
    hasNextPageFieldOptions: { description: 'Whether there is more behind this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether there is more in front of this page.' },
    startCursorFieldOptions: { description: 'Cursor of the first object of this page.' },
    endCursorFieldOptions: { description: 'Cursor of the last object of this page: pass it as `after`.' },
    edgesFieldOptions: { nullable: { list: false, items: false }, description: 'The objects of this page.' },
    nodeFieldOptions: { description: 'The object.' },
    cursorFieldOptions: { description: 'Where it stands in the list.' },
    encodeGlobalID: (_typename, id) => String(id),
    decodeGlobalID: (id) => ({ typename: typeNameOfId(id), id }),
    nodeQueryOptions: {
      args: { id: { description: 'Its id.' } },
      permission: 'authenticated',
      resolve: (_root, { id }, _context, _info, load) => (id.typename === '' ? null : load(id)),
      description: 'Any object by its id; null when there is none, or none that you may see.',
    },
    nodesQueryOptions: {
      args: { ids: { description: `At most ${maximumPageSize}.` } },
      permission: 'authenticated',
      resolve: async (_root, { ids }, _context, _info, load) => {
        checkNodeCount(ids.length)
        const known = await load(ids.filter(({ typename }) => typename !== ''))
        const rest = known.values()
        return ids.map(({ typename }) => (typename === '' ? null : rest.next().value))
      },
      description: 'Objects by their ids, in the same order; null where there is none that you may see.',
    },
    firstArgOptions: { description: `How many from the front: 1 to ${maximumPageSize}, 50 unless said.` },
    lastArgOptions: { description: `How many from the back: 1 to ${maximumPageSize}.` },
    afterArgOptions: { description: 'Continue behind this cursor.' },
    beforeArgOptions: { description: 'Continue in front of this cursor.' },
  },
})

/** What the fields of an input type are made with, for fields that several input types share. */
export type InputFields = PothosSchemaTypes.InputFieldBuilder<
  (typeof builder)['$inferSchemaTypes'],
  'InputObject'
>

builder.queryType({ description: 'What can be read. Every field needs a permission of your role.' })
builder.mutationType({
  description:
    'What can be changed. Each change is one transaction with its audit event; a refusal is a member of the result.',
})

builder.subscriptionType({
  description:
    'What happens, as it happens: ask with `Accept: text/event-stream`. Each event is told with the rights that your token has at that moment; a token that ends, or loses the permission, ends the stream with an error. A stream that broke is resumed behind the last event that was received, with `after`.',
})

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'How many there are in all, on every page.',
    resolve: (connection) => connection.totalCount(),
  }),
)
