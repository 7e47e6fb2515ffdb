import { createRequire } from 'node:module'
import type { GraphQLArgument, GraphQLField } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allPermissions, type SystemRole, systemRoles } from '../../../contract/permissions.ts'
import { permissionOf } from '../../../control-plane/graphql/permission-plugin.ts'
import { schema } from '../../../control-plane/graphql/schema.ts'
import { read, startApi, type Tenant, type TestApi } from '../api.ts'

// The form of graphql that the schema was built with: the test runner would load the other one.
const { getNamedType, isEnumType, isInputObjectType, isListType, isNonNullType }: typeof import('graphql') =
  createRequire(import.meta.url)('graphql')

const rootFields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
  (type) =>
    type
      ? Object.values(type.getFields()).map((field) => ({ operation: type.name.toLowerCase(), field }))
      : [],
)

function declaredPermission(field: GraphQLField<unknown, unknown>) {
  const options: unknown = field.extensions.pothosOptions
  return typeof options === 'object' && options !== null ? permissionOf(options) : undefined
}

describe('every root field', () => {
  it.each(rootFields)('$operation $field.name declares a permission of the catalogue', ({ field }) => {
    expect(['authenticated', ...allPermissions]).toContain(declaredPermission(field))
  })

  it.each(rootFields)('$operation $field.name and its arguments say what they are', ({ field }) => {
    expect(field.description).toBeTruthy()
    expect(field.args.filter(({ description }) => !description)).toEqual([])
  })
})

describe('every type', () => {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))

  it.each(types)('$name and its fields say what they are', (type) => {
    const fields = 'getFields' in type ? Object.values(type.getFields()) : []
    // Unions of results are named after their mutation, which says what they are.
    const undescribed = fields.filter(({ description }) => !description).map(({ name }) => name)
    expect(undescribed).toEqual([])
    if (!type.name.endsWith('Result')) expect(type.description).toBeTruthy()
  })
})

describe('field × role', () => {
  const roles = Object.keys(systemRoles) as SystemRole[]
  const tokens = new Map<SystemRole, string>()
  let api: TestApi
  let tenant: Tenant

  beforeAll(async () => {
    api = await startApi()
    tenant = await api.createTenant('Acme')
    for (const role of roles) {
      const { data } = await api.ask(
        tenant.token,
        `mutation($role: SystemRole!) { issueApiToken(input: { name: "test", role: $role }) { ... on IssuedApiToken { secret } } }`,
        { role: role.toUpperCase() },
      )
      tokens.set(role, read<{ secret: string }>(data, 'issueApiToken').secret)
    }
  })

  afterAll(() => api.close())

  it.each(rootFields)(
    '$operation $field.name is open to exactly the roles that have its permission',
    async ({ operation, field }) => {
      const permission = declaredPermission(field)
      const document = `${operation} { ${field.name}${argumentsOf(field.args)}${selectionOf(field)} }`
      const open: SystemRole[] = []
      for (const role of roles) {
        const { errors } = await api.ask(tokens.get(role), document)
        if (!errors.some(({ extensions }) => extensions.code === 'FORBIDDEN')) open.push(role)
      }
      const expected = roles.filter(
        (role) =>
          permission === 'authenticated' || systemRoles[role].permissions.some((held) => held === permission),
      )
      expect(open).toEqual(expected)
      expect((await api.ask(undefined, document)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED')
    },
  )

  it('a viewer may change nothing', () => {
    const mutations = rootFields.filter(({ operation }) => operation === 'mutation')
    const viewer = new Set<string>(systemRoles.viewer.permissions)
    expect(mutations.filter(({ field }) => viewer.has(declaredPermission(field) ?? ''))).toEqual([])
  })
})

/** The least that the schema accepts for the required arguments, naming things that do not exist. */
function argumentsOf(args: readonly GraphQLArgument[]): string {
  const required = args.filter(({ type }) => isNonNullType(type))
  if (required.length === 0) return ''
  return `(${required.map(({ name, type }) => `${name}: ${literalOf(type)}`).join(', ')})`
}

function literalOf(type: GraphQLArgument['type']): string {
  if (isNonNullType(type)) return literalOf(type.ofType)
  if (isListType(type)) return '[]'
  if (isEnumType(type)) return type.getValues()[0]?.name ?? ''
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields())
    const given = type.isOneOf ? fields.slice(0, 1) : fields.filter((field) => isNonNullType(field.type))
    return `{ ${given.map((field) => `${field.name}: ${literalOf(field.type)}`).join(', ')} }`
  }
  const literals: Record<string, string> = {
    Int: '1',
    Float: '1',
    Boolean: 'true',
    NanoUsd: '"1"',
    JSON: '{}',
  }
  return literals[type.name] ?? '"nothing-1"'
}

function selectionOf(field: GraphQLField<unknown, unknown>): string {
  const type = getNamedType(field.type)
  return 'getFields' in type || 'getTypes' in type ? ' { __typename }' : ''
}
