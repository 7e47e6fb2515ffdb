import { createRequire } from 'node:module'
import type {
  GraphQLField,
  GraphQLInputField,
  GraphQLInputObjectType,
  GraphQLInputType,
  GraphQLOutputType,
} from 'graphql'
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

/** A value in place of a sample, at `input.owner.teamId` or `input.providerConfigs.0.weight`. */
export interface Replacement {
  readonly path: string
  readonly value: unknown
}

/** What a field needs besides its required arguments to be asked for something sensible, when `replaced` is not. */
const extras: Readonly<Record<string, (things: Things, replaced: string | undefined) => object>> = {
  createAccessPolicy: ({ role }, replaced) => ({
    ...(replaced !== 'effect' && { effect: 'DENY_WHEN' }),
    ...(replaced !== 'permissions' && { permissions: ['usage:view'] }),
    ...(!['everybody', 'roleIds', 'userIds'].includes(replaced ?? '') && { roleIds: [role] }),
  }),
  applyConfiguration: () => ({ document: { version: 1 } }),
  issueApiToken: ({ workspace }, replaced) => ({
    ...(replaced !== 'roleId' && { role: 'VIEWER' }),
    workspaceId: workspace,
  }),
  importModelPrices: () => ({
    rows: [
      {
        model: 'nobody/nothing',
        prices: { inputNanoUsdPerMillionTokens: '1', outputNanoUsdPerMillionTokens: '1' },
      },
    ],
  }),
  setBudgetOverride: () => ({ lasts: { forever: true } }),
  configurePlugin: () => ({ name: 'audit' }),
  createJwtProvider: (_, replaced) => ({
    ...(!['jwksUrl', 'keys', 'secret', 'algorithm'].includes(replaced ?? '') && {
      ...{ algorithm: 'HS256', secret: `a-secret-of-thirty-two-bytes-or-more-${++count}` },
    }),
    ...(replaced !== 'audiences' && { audiences: ['api://gatehouse'] }),
  }),
  setJwtProviderEnabled: () => ({ enabled: false }),
  setMfaPolicy: () => ({ rules: [] }),
  setAccessApproval: () => ({ requireApprovalForAccessChanges: false }),
  setIdentityProviderEnabled: () => ({ enabled: false }),
  addRequestLimit: () => ({ maxRequests: 1 }),
  setRequestLimit: () => ({ maxRequests: 1 }),
  rotateVirtualKeys: ({ virtualKey }, replaced) => ({
    ...(replaced !== 'filter' && { virtualKeyIds: [virtualKey] }),
  }),
}

let count = 0
const samples: Readonly<Record<string, () => unknown>> = {
  name: () => `sample-${++count}`,
  secret: () => `a-secret-of-thirty-two-bytes-or-more-${++count}`,
  baseUrl: () => 'https://api.example.com/v1',
  issuer: () => `https://id.example.com/${++count}`,
  jwksUrl: () => 'https://id.example.com/keys',
  hostedDomain: () => 'example.com',
  scopes: () => 'openid',
  trustedNetworks: () => '10.1.0.0/16',
  ttlSeconds: () => 60,
  of: () => 'rbac',
  permission: () => 'teams:view',
  from: () => '09:00',
  until: () => '17:00',
  timeZone: () => 'Europe/Berlin',
  condition: () => 'session.mfa',
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

/** What may be left out only where there is one thing that can be meant. */
const given: ReadonlySet<string> = new Set(['previewDirectoryImport.identityProviderId'])

/** An operation of one root field that names these things wherever it must name any, but for what is replaced. */
export function sampleOperation(
  operation: 'query' | 'mutation' | 'subscription',
  field: GraphQLField<unknown, unknown>,
  things: Things,
  replacement?: Replacement,
): SampleOperation {
  const used = field.args.filter(
    ({ name, type }) =>
      isNonNullType(type) ||
      given.has(`${field.name}.${name}`) ||
      `${replacement?.path}.`.startsWith(`${name}.`),
  )
  const declared = used.map(({ name, type }) => `$${name}: ${type}`).join(', ')
  const passed = used.map(({ name }) => `${name}: $${name}`).join(', ')
  const values = used.map(({ name, type }) => {
    const sample = sampleOf(type, { field: field.name, things, path: name, replacement })
    if (name !== 'input' || !isPlainObject(sample) || replacement?.path === name) return [name, sample]
    const [, replaced] = replacement?.path.split('.') ?? []
    const extra = Object.entries(extras[field.name]?.(things, replaced) ?? {})
    return [name, { ...sample, ...Object.fromEntries(extra.filter(([given]) => given !== replaced)) }]
  })
  const variables = Object.fromEntries(values) as Record<string, unknown>
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
  readonly path: string
  readonly replacement: Replacement | undefined
}

function sampleOf(type: GraphQLInputType, place: Place): unknown {
  if (place.replacement?.path === place.path) return place.replacement.value
  if (isNonNullType(type)) return sampleOf(type.ofType, place)
  if (isListType(type)) {
    const element = getNamedType(type)
    const isFilled = element.name === 'ID' || isEnumType(element) || holdsReplacement(place)
    return isFilled ? [sampleOf(type.ofType, within(place, '0'))] : []
  }
  if (isEnumType(type)) return type.getValues()[0]?.name
  if (isInputObjectType(type)) {
    const given = fieldsGiven(type, place)
    return Object.fromEntries(given.map(({ name, type: of }) => [name, sampleOf(of, within(place, name))]))
  }
  const name = place.path.split('.').findLast((part) => part !== '0') ?? ''
  if (type.name === 'ID') return thingNamed(name, place) ?? 'nothing_1'
  return samples[name]?.() ?? samplesByType[type.name]
}

function fieldsGiven(type: GraphQLInputObjectType, place: Place): GraphQLInputField[] {
  const fields = Object.values(type.getFields())
  const replaced = fields.filter(({ name }) => holdsReplacement(within(place, name)))
  if (type.isOneOf) {
    const ofThings = fields.filter(({ name }) => thingNamed(name, place) !== undefined)
    return [...replaced, ...ofThings, ...fields].slice(0, 1)
  }
  return fields.filter((field) => isNonNullType(field.type) || replaced.includes(field))
}

function within(place: Place, step: string): Place {
  return { ...place, path: `${place.path}.${step}` }
}

function holdsReplacement({ path, replacement }: Place): boolean {
  return replacement !== undefined && `${replacement.path}.`.startsWith(`${path}.`)
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whose field is named after what comes of it. */
const otherwise: Readonly<Record<string, string>> = { startTestSignIn: 'identityProvider' }

/** By the names that the schema gives: `teamId`, `team(id:)`, `deleteTeam(input: { id })`. */
function thingNamed(name: string, { field, things }: Pick<Place, 'field' | 'things'>): string | undefined {
  if (/^ids?$/.test(name)) {
    const noun = field
      .replace(/^[a-z]+(?=[A-Z])/, '')
      .replace(/((?<=(Identity|Jwt)Provider)Keys|Enabled|s)$/, '')
    return (
      things[otherwise[field] ?? field] ?? things[noun.charAt(0).toLowerCase() + noun.slice(1)] ?? things.team
    )
  }
  return things[name.replace(/Ids?$/, '')]
}
