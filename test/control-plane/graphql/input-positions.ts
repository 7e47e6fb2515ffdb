import { createRequire } from 'node:module'
import type { GraphQLField, GraphQLInputType } from 'graphql'
import { schema } from '../../../control-plane/graphql/schema.ts'

// The form of graphql that the schema was built with: the test runner would load the other one.
const { isEnumType, isInputObjectType, isListType, isNonNullType }: typeof import('graphql') = createRequire(
  import.meta.url,
)('graphql')

export type RootField = GraphQLField<unknown, unknown>

/** One place of a field's arguments where a caller puts a value. */
export interface Position {
  /** From the argument on, `input.providerConfigs.0.weight`. */
  readonly path: string
  /** The last name on the path. */
  readonly field: string
  /** Of a scalar or an input type its name; `List` and `Enum` of those. */
  readonly type: string
  readonly isRequired: boolean
  /** Of those in one field's arguments. */
  readonly isFirstOfType: boolean
}

/** Objects that only name things to search for, and what they hold. */
const deepest = 6

export function mutations(): RootField[] {
  return Object.values(schema.getMutationType()?.getFields() ?? {})
}

export function queries(): RootField[] {
  return Object.values(schema.getQueryType()?.getFields() ?? {})
}

/** Every leaf, list and object of a field's arguments. */
export function positionsOf({ args }: RootField): Position[] {
  const found = args.flatMap(({ name, type }) => positionsBelow(type, name))
  return found.map((position, at) => ({
    ...position,
    isFirstOfType: found.findIndex(({ type }) => type === position.type) === at,
  }))
}

type Found = Omit<Position, 'isFirstOfType'>

function positionsBelow(type: GraphQLInputType, path: string, isRequired = false): Found[] {
  if (isNonNullType(type)) return positionsBelow(type.ofType, path, true)
  const steps = path.split('.')
  if (steps.length > deepest) throw new Error(`${path} is deeper than this test looks`)
  const field = steps.findLast((step) => step !== '0') ?? ''
  const here = { path, field, isRequired }
  if (isListType(type)) return [{ ...here, type: 'List' }, ...positionsBelow(type.ofType, `${path}.0`)]
  if (isEnumType(type)) return [{ ...here, type: 'Enum' }]
  if (!isInputObjectType(type)) return [{ ...here, type: type.name }]
  const fields = Object.values(type.getFields())
  return [
    { ...here, type: 'Object' },
    ...fields.flatMap((member) => positionsBelow(member.type, `${path}.${member.name}`)),
  ]
}
