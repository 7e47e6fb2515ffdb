import { createRequire } from 'node:module'
import type { GraphQLField, GraphQLOutputType } from 'graphql'
import { schema } from '../../../control-plane/graphql/schema.ts'

// The form of graphql that the schema was built with: the test runner would load the other one.
const { getNamedType, isNonNullType, isObjectType }: typeof import('graphql') = createRequire(
  import.meta.url,
)('graphql')

const deepest = 2

export interface ListQuery {
  readonly name: string
  /** Takes `$first`, and selects every field of a row and of what lies below it, to some depth. */
  readonly document: string
}

/** One query for each list of the API. */
export function listQueries(): ListQuery[] {
  return Object.values(schema.getQueryType()?.getFields() ?? {})
    .filter((field) => isConnection(field.type) && !needsArguments(field))
    .map(({ name, type }) => ({
      name,
      document: `query ($first: Int!) { ${name}(first: $first) ${pageOf(type, deepest)} }`,
    }))
}

function isConnection(type: GraphQLOutputType): boolean {
  const named = getNamedType(type)
  return isObjectType(named) && 'edges' in named.getFields()
}

function needsArguments({ args }: GraphQLField<unknown, unknown>): boolean {
  return args.some(({ type }) => isNonNullType(type))
}

function pageOf(type: GraphQLOutputType, depth: number): string {
  const edges = Object.values(fieldsOf(type)).find(({ name }) => name === 'edges')
  const node = edges && fieldsOf(edges.type).node
  if (!node) throw new Error('a connection without a node')
  return `{ totalCount edges { node ${selectionOf(node.type, depth)} } }`
}

function selectionOf(type: GraphQLOutputType, depth: number): string {
  const selected = Object.values(fieldsOf(type)).flatMap((field) => {
    if (needsArguments(field)) return []
    const isLeaf = !isObjectType(getNamedType(field.type))
    if (isLeaf) return 'getFields' in getNamedType(field.type) ? [] : field.name
    if (depth <= 1) return []
    if (isConnection(field.type)) return `${field.name}(first: 2) ${pageOf(field.type, depth - 1)}`
    return `${field.name} ${selectionOf(field.type, depth - 1)}`
  })
  return `{ __typename ${selected.join(' ')} }`
}

function fieldsOf(type: GraphQLOutputType) {
  const named = getNamedType(type)
  return isObjectType(named) ? named.getFields() : {}
}
