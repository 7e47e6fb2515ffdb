import { createRequire } from 'node:module'
import type { GraphQLField, GraphQLInputType } from 'graphql'
import { schema } from '../../control-plane/graphql/schema.ts'
import type { Things } from './tenancy-things.ts'

// The form of graphql that the schema was built with: the test runner would load the other one.
const {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
}: typeof import('graphql') = createRequire(import.meta.url)('graphql')

/** One place of the schema where a caller names a thing. */
export interface IdArgument {
  readonly operation: 'query' | 'mutation'
  readonly field: GraphQLField<unknown, unknown>
  /** From the argument to the id, `input.owner.teamId`. */
  readonly path: string
  /** The types that the id may name; all of them where it is not said. */
  readonly kinds: readonly string[]
}

const anything = new Set([
  'node.id',
  'nodes.ids',
  'auditEvents.filter.actorId',
  'auditEvents.filter.subjectId',
  'assignRole.input.objectId',
  'explainPermission.input.objectId',
])

/** No node: the tests of the stores of sessions keep organizations apart. */
const keptElsewhere = new Set(['revokeSession.input.id', 'testSignIn.id'])

/** Whose field is named after what comes of it. */
const namedOtherwise: Readonly<Record<string, string>> = { 'startTestSignIn.input.id': 'identityProvider' }

/** Every type that `node` may answer with. */
export const kindsWithId = schema
  .getPossibleTypes(schema.getTypeMap().Node as Parameters<typeof schema.getPossibleTypes>[0])
  .map(({ name }) => lowerFirst(name))
  .sort()

/** Every id that a query or a mutation takes. */
export function idArguments(): IdArgument[] {
  const roots = [
    { operation: 'query' as const, type: schema.getQueryType() },
    { operation: 'mutation' as const, type: schema.getMutationType() },
  ]
  return roots.flatMap(({ operation, type }) =>
    Object.values(type?.getFields() ?? {}).flatMap((field) =>
      field.args
        .flatMap((argument) => idPaths(argument.type, argument.name))
        .map((path) => ({ operation, field, path, kinds: kindsOf(field.name, path) })),
    ),
  )
}

function idPaths(type: GraphQLInputType, path: string): string[] {
  const named = getNamedType(type)
  if (named.name === 'ID') return [path]
  if (!isInputObjectType(named)) return []
  return Object.values(named.getFields()).flatMap((field) => idPaths(field.type, `${path}.${field.name}`))
}

/** By the names that the schema gives: `teamId`, `team(id:)`, `deleteTeam(input: { id })`. */
function kindsOf(field: string, path: string): readonly string[] {
  if (anything.has(`${field}.${path}`)) return kindsWithId
  if (keptElsewhere.has(`${field}.${path}`)) return []
  const otherwise = namedOtherwise[`${field}.${path}`]
  if (otherwise !== undefined) return [otherwise]
  const last =
    path
      .split('.')
      .at(-1)
      ?.replace(/^(inherited|default)Role/, 'role')
      .replace('teamWorkspace', 'workspace')
      .replace('confirmsRun', 'directorySyncRun') ?? ''
  const kind =
    last === 'id'
      ? lowerFirst(
          field
            .replace(/((?<=(Identity|Jwt)Provider)Keys|Enabled)$/, '')
            .replace(/^[a-z]+(?=[A-Z])/, verbless),
        )
      : last.replace(/Ids?$/, '')
  if (kindsWithId.includes(kind)) return [kind]
  throw new Error(`${field}(${path}) names a thing of a type that this test does not know: "${kind}"`)
}

function verbless(word: string): string {
  return /^(update|delete|remove|revoke|rotate|approve|reject|withdraw|verify|set|flush|refresh)$/.test(word)
    ? ''
    : word
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** A document that is right in all but perhaps the one id, with its variables. */
export function operationNaming({ operation, field, path }: IdArgument, id: string, own: Things) {
  const used = field.args.filter(({ name, type }) => isNonNullType(type) || path.split('.')[0] === name)
  const declared = used.map(({ name, type }) => `$${name}: ${type}`).join(', ')
  const passed = used.map(({ name }) => `${name}: $${name}`).join(', ')
  const document = `${operation} (${declared}) { ${field.name}(${passed}) ${selectionOf(field)} }`
  const target = { path, id, own }
  const variables = Object.fromEntries(used.map(({ name, type }) => [name, sampleOf(type, name, target)]))
  return { document, variables }
}

interface Target {
  readonly path: string
  readonly id: string
  readonly own: Things
}

function sampleOf(type: GraphQLInputType, at: string, target: Target): unknown {
  if (isNonNullType(type)) return sampleOf(type.ofType, at, target)
  const isOnPath = target.path === at || target.path.startsWith(`${at}.`)
  if (isListType(type)) return isOnPath ? [sampleOf(type.ofType, at, target)] : []
  if (isInputObjectType(type)) {
    const wanted = Object.values(type.getFields()).filter(
      ({ name, type: of }) => isNonNullType(of) || isPrefix(`${at}.${name}`, target.path),
    )
    const given = type.isOneOf && wanted.length === 0 ? Object.values(type.getFields()).slice(0, 1) : wanted
    return Object.fromEntries(
      given.map((field) => [field.name, sampleOf(field.type, `${at}.${field.name}`, target)]),
    )
  }
  if (isEnumType(type)) return type.getValues()[0]?.name
  const name = at.split('.').at(-1) ?? ''
  if (type.name === 'ID') return isOnPath ? target.id : target.own[name.replace(/Ids?$/, '')]
  return samples[name] ?? samplesByType[type.name] ?? fail(at)
}

const samples: Readonly<Record<string, unknown>> = {
  secret: 'a-secret-of-thirty-two-bytes-or-more',
  algorithm: 'HS256',
  permission: 'teams:view',
}
const samplesByType: Readonly<Record<string, unknown>> = {
  String: 'sample',
  Int: 1,
  Float: 1,
  Boolean: true,
  NanoUsd: '1',
  JSON: {},
  DateTime: '2999-01-01T00:00:00Z',
}

function fail(at: string): never {
  throw new Error(`no sample for ${at}`)
}

function isPrefix(path: string, of: string): boolean {
  return of === path || of.startsWith(`${path}.`)
}

function selectionOf(field: GraphQLField<unknown, unknown>): string {
  const type = getNamedType(field.type)
  if (isUnionType(type)) return '{ __typename ... on Refusal { code message } }'
  const isList = isObjectType(type) && 'edges' in type.getFields()
  return isList ? '{ totalCount edges { node { __typename } } }' : '{ __typename }'
}
