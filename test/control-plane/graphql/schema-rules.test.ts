import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  buildSchema,
  type GraphQLField,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql'
import { expect, it } from 'vitest'

// What `npm run lint:schema` has no rule for.
const schema = buildSchema(readFileSync(resolve(import.meta.dirname, '../../../schema.graphql'), 'utf8'))
const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type))
const objects = types.filter((type) => isObjectType(type) || isInterfaceType(type))
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {})
const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`

interface Deprecable {
  readonly name: string
  readonly deprecationReason?: string | null | undefined
}

it('a deprecation says until when it works', () => {
  const members = types.flatMap((type): readonly Deprecable[] => {
    if (isEnumType(type)) return [...type.getValues()]
    if (isInputObjectType(type)) return Object.values(type.getFields())
    if (isObjectType(type) || isInterfaceType(type)) {
      const fields = Object.values(type.getFields())
      return [...fields, ...fields.flatMap(({ args }) => args)]
    }
    return []
  })
  const undated = members.filter(
    ({ deprecationReason }) =>
      deprecationReason != null && !/\b20\d\d-[01]\d-[0-3]\d\b/.test(deprecationReason),
  )
  expect(members.length).toBeGreaterThan(500)
  expect(undated.map(({ name }) => name)).toEqual([])
})

it('a mutation takes one input, and answers with what it did or with a union of that and its refusals', () => {
  const misshapen = mutations.filter(({ name, args, type }) => {
    const [input, ...more] = args
    const inputType = input && getNamedType(input.type)
    const takesInput =
      input?.name === 'input' &&
      more.length === 0 &&
      isNonNullType(input.type) &&
      ['ByIdInput', 'RevocationInput', `${capitalized(name)}Input`].includes(inputType?.name ?? '')
    const result = getNamedType(type)
    return !takesInput || !isResult(name, result.name)
  })
  expect(mutations.length).toBeGreaterThan(30)
  expect(misshapen.map(({ name }) => name)).toEqual([])
})

function isResult(mutation: string, name: string): boolean {
  const result = schema.getType(name)
  // One that has nothing to refuse.
  if (isObjectType(result)) return !isRefusal(result)
  if (!isUnionType(result)) return false
  const [done, ...more] = result.getTypes().filter((member) => !isRefusal(member))
  return name === `${capitalized(mutation)}Result` && done !== undefined && more.length === 0
}

function isRefusal(type: { getInterfaces(): readonly { name: string }[] }): boolean {
  return type.getInterfaces().some(({ name }) => name === 'Refusal')
}

/** Done twice they leave what they leave once: they say what is to be, or have a key of their own. */
const repeatable = new Set([
  ...['assignRole', 'followAccessProfile', 'rotateVirtualKeys', 'importModelPrices', 'setAccessApproval'],
])

it('what creates takes an idempotency key, and what changes takes the version that its caller has read', () => {
  const inputFields = ({ args }: (typeof mutations)[number]) => {
    const input = args[0] && getNamedType(args[0].type)
    return isInputObjectType(input) ? input.getFields() : {}
  }
  const creating = mutations.filter(({ name }) =>
    /^(create|add|issue|import|rotate|reset|grant)[A-Z]/.test(name),
  )
  const changing = mutations.filter(({ name }) => /^(update|configure|set|schedule|cancel)[A-Z]/.test(name))
  const keyless = creating.filter((one) => !inputFields(one).idempotencyKey && !repeatable.has(one.name))
  const blind = changing.filter((one) => !inputFields(one).expectedVersion && !repeatable.has(one.name))
  expect([...keyless, ...blind].map(({ name }) => name)).toEqual([])
  const others = mutations.filter((one) => !creating.includes(one) && !changing.includes(one))
  const kinds =
    /^(assignRole|followAccessProfile|leaveAccessProfile|applyConfiguration|rollBackConfiguration|verifyIdentityProvider|linkIdentity|unlinkIdentity|syncDirectory|flushIdentityProviderKeys|refreshJwtProviderKeys|startTestSignIn)$/
  expect(
    others.filter(
      ({ name }) => !/^(delete|remove|revoke|approve|reject|withdraw)[A-Z]/.test(name) && !kinds.test(name),
    ),
    'a mutation of a new kind: say whether it creates or changes',
  ).toEqual([])
})

it('every list of objects that can grow is a connection with pages', () => {
  const connections = objects.flatMap((type) =>
    Object.values(type.getFields()).filter((field) => getNamedType(field.type).name.endsWith('Connection')),
  )
  const pageless = connections.filter((field) => !hasPages(field))
  expect(connections.length).toBeGreaterThan(15)
  expect(pageless.map(({ name }) => name)).toEqual([])
})

function hasPages({ args }: GraphQLField<unknown, unknown>): boolean {
  const names = new Set(args.map(({ name }) => name))
  return ['first', 'after', 'last', 'before'].every((name) => names.has(name))
}
