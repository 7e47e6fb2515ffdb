import { createRequire } from 'node:module'
import type { GraphQLField, GraphQLInputType, GraphQLOutputType } from 'graphql'
import type { Things } from '../tenancy-things.ts'

// The form of graphql that the schema was built with: the test runner would load the other one.
const {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
}: typeof import('graphql') = createRequire(import.meta.url)('graphql')

export interface SampleOperation {
  readonly document: string
  readonly variables: Readonly<Record<string, unknown>>
  /** Whether it names any of the things. */
  readonly namesThings: boolean
}

/** What a field needs besides its required arguments to be asked for something sensible. */
const extras: Readonly<Record<string, (things: Things) => object>> = {
  issueApiToken: ({ workspace }) => ({ role: 'VIEWER', workspaceId: workspace }),
  configurePlugin: () => ({ name: 'audit' }),
  rotateVirtualKeys: ({ virtualKey }) => ({ virtualKeyIds: [virtualKey] }),
}

let count = 0
const samples: Readonly<Record<string, () => unknown>> = {
  name: () => `sample-${++count}`,
  secret: () => `a-secret-of-sixteen-or-more-${++count}`,
  baseUrl: () => 'https://api.example.com/v1',
  ttlSeconds: () => 60,
  email: () => `sample-${++count}@example.com`,
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

/** An operation of one root field that names these things wherever it must name any. */
export function sampleOperation(
  operation: 'query' | 'mutation' | 'subscription',
  field: GraphQLField<unknown, unknown>,
  things: Things,
): SampleOperation {
  const used = field.args.filter(({ type }) => isNonNullType(type))
  const declared = used.map(({ name, type }) => `$${name}: ${type}`).join(', ')
  const passed = used.map(({ name }) => `${name}: $${name}`).join(', ')
  const place = { field: field.name, things }
  const values = used.map(({ name, type }) => [name, sampleOf(type, name, place)])
  const variables = Object.fromEntries(values) as Record<string, unknown>
  if (typeof variables.input === 'object') Object.assign(variables.input ?? {}, extras[field.name]?.(things))
  const head = used.length === 0 ? operation : `${operation} (${declared})`
  const call = used.length === 0 ? field.name : `${field.name}(${passed})`
  const text = JSON.stringify(variables)
  return {
    document: `${head} { ${call} ${selectionOf(field.type)} }`,
    variables,
    namesThings: Object.values(things).some((id) => id !== '' && text.includes(`"${id}"`)),
  }
}

/** The least selection that shows which objects an answer holds. */
export function selectionOf(type: GraphQLOutputType): string {
  const named = getNamedType(type)
  if (isUnionType(named)) return '{ __typename ... on Refusal { code message } }'
  if (!isObjectType(named) && !isInterfaceType(named)) return ''
  const fields = named.getFields()
  const edge = fields.edges && getNamedType(fields.edges.type)
  if (isObjectType(edge) && edge.getFields().node) {
    return `{ __typename totalCount edges { node ${selectionOf(edge.getFields().node?.type ?? type)} } }`
  }
  return fields.id ? '{ __typename id }' : '{ __typename }'
}

interface Place {
  readonly field: string
  readonly things: Things
}

function sampleOf(type: GraphQLInputType, name: string, place: Place): unknown {
  if (isNonNullType(type)) return sampleOf(type.ofType, name, place)
  if (isListType(type)) {
    const element = getNamedType(type)
    return element.name === 'ID' || isEnumType(element) ? [sampleOf(type.ofType, name, place)] : []
  }
  if (isEnumType(type)) return type.getValues()[0]?.name
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields())
    const ofThings = fields.filter((field) => thingNamed(field.name, place) !== undefined)
    const given = type.isOneOf
      ? [...ofThings, ...fields].slice(0, 1)
      : fields.filter((field) => isNonNullType(field.type))
    return Object.fromEntries(given.map((field) => [field.name, sampleOf(field.type, field.name, place)]))
  }
  if (type.name === 'ID') return thingNamed(name, place) ?? 'nothing_1'
  return samples[name]?.() ?? samplesByType[type.name]
}

/** By the names that the schema gives: `teamId`, `team(id:)`, `deleteTeam(input: { id })`. */
function thingNamed(name: string, { field, things }: Place): string | undefined {
  if (/^ids?$/.test(name)) {
    const noun = field.replace(/^[a-z]+(?=[A-Z])/, '').replace(/s$/, '')
    return things[field] ?? things[noun.charAt(0).toLowerCase() + noun.slice(1)] ?? things.team
  }
  return things[name.replace(/Ids?$/, '')]
}
