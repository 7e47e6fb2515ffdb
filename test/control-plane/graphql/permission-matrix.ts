import { createRequire } from 'node:module'
import type { GraphQLField, GraphQLObjectType } from 'graphql'
import { createRequestContext } from '../../../control-plane/graphql/context.ts'
import { permissionOf } from '../../../control-plane/graphql/permission-plugin.ts'
import { schema } from '../../../control-plane/graphql/schema.ts'
import { authenticateToken } from '../../../control-plane/modules/api-tokens/index.ts'
import { type Answer, read, type Tenant, type TestApi } from '../api.ts'
import { furnish, type Things } from '../tenancy-things.ts'
import { sampleOperation, selectionOf } from './sample-operation.ts'

// The form of graphql that the schema was built with: the test runner would load the other one.
const { isObjectType, parse, subscribe }: typeof import('graphql') = createRequire(import.meta.url)('graphql')

/** Who asks, in the order of the columns. */
export const askers = [
  ...(['admin', 'developer', 'viewer', 'custom', 'there', 'elsewhere', 'stranger', 'nobody'] as const),
] as const
export type Asker = (typeof askers)[number]

/** `yes`: done; `own`: done, with things of the asker's own; `hidden`: as if there were nothing. */
export type Verdict = 'yes' | 'own' | 'hidden' | 'no' | 'sign in'
export type Verdicts = Readonly<Record<Asker, Verdict>>

export interface Row {
  readonly name: string
  readonly permission: string
  readonly verdicts: Verdicts
}

export interface Matrix {
  readonly queries: readonly Row[]
  readonly mutations: readonly Row[]
  readonly subscriptions: readonly Row[]
  readonly objectFields: readonly Row[]
  readonly nodes: readonly Row[]
  /** What the admin was told about arguments, where the sample was none. */
  readonly badSamples: readonly string[]
}

interface Column {
  readonly token: string | undefined
  /** What the operations name. */
  readonly things: Things
}

/** Who changes nothing comes first. */
const order: readonly Asker[] = [
  'viewer',
  'developer',
  'custom',
  'elsewhere',
  'stranger',
  'nobody',
  'there',
  'admin',
]
/** What ends a thing comes after what needs it. */
const endings = [/^removeBudgetOverride/, /^remove/, /^revoke/, /^deleteVirtualKey/, /^delete/]
const rankOf = ({ name }: { name: string }) => endings.findIndex((ending) => ending.test(name)) + 1

export function declaredPermission(field: GraphQLField<unknown, unknown>): string | undefined {
  const options: unknown = field.extensions.pothosOptions
  return typeof options === 'object' && options !== null ? permissionOf(options) : undefined
}

/** Asks every field of the API for real things, as each of the askers, and tells what became of it. */
export async function measureMatrix(api: TestApi): Promise<Matrix> {
  const columns = await openColumns(api)
  const badSamples: string[] = []
  const root = async (operation: Operation, type: GraphQLObjectType | null | undefined) => {
    const fields = Object.values(type?.getFields() ?? {})
    const verdicts = new Map(fields.map((field) => [field.name, {} as Record<Asker, Verdict>]))
    const sorted = fields.toSorted((a, b) => rankOf(a) - rankOf(b))
    for (const asker of order) {
      for (const field of sorted) {
        const { verdict, problem } = await askField(api, columns, asker, operation, field)
        Object.assign(verdicts.get(field.name) ?? {}, { [asker]: verdict })
        if (asker === 'admin' && problem !== undefined) badSamples.push(`${field.name}: ${problem}`)
      }
    }
    return fields
      .map((field) => rowOf(field.name, declaredPermission(field), verdicts.get(field.name)))
      .sort(byName)
  }
  const queries = await root('query', schema.getQueryType())
  const subscriptions = await root('subscription', schema.getSubscriptionType())
  const objectFields = await measureObjectFields(api, columns)
  const nodes = await measureNodes(api, columns)
  const mutations = await root('mutation', schema.getMutationType())
  return { queries, mutations, subscriptions, objectFields, nodes, badSamples }
}

type Operation = 'query' | 'mutation' | 'subscription'
type Columns = Readonly<Record<Asker, Column>>

async function openColumns(api: TestApi): Promise<Columns> {
  const tenant = await api.createTenant('Own')
  const stranger = await api.createTenant('Stranger')
  const things = await furnish(api, tenant, 'Own')
  await furnish(api, stranger, 'Stranger')
  const customThings = await furnish(api, await openWorkspace(api, tenant, 'third'), 'Custom')
  const developerThings = await furnish(api, await openWorkspace(api, tenant, 'first'), 'Developer')
  const second = await openWorkspace(api, tenant, 'second')
  const confinedThings = await furnish(api, second, 'Confined')
  const issue = (role: string, confinedTo?: string) => issueToken(api, tenant, role, confinedTo)
  const confined = await issue('ADMIN', second.workspaceId)
  return {
    admin: { token: tenant.token, things },
    developer: { token: await issue('DEVELOPER'), things: developerThings },
    viewer: { token: await issue('VIEWER'), things },
    custom: { token: await issueOfCustomRole(api, tenant), things: customThings },
    there: { token: confined, things: confinedThings },
    elsewhere: { token: confined, things },
    stranger: { token: stranger.token, things },
    nobody: { token: undefined, things },
  }
}

async function openWorkspace(api: TestApi, tenant: Tenant, name: string): Promise<Tenant> {
  const document =
    'mutation($input: CreateWorkspaceInput!) { createWorkspace(input: $input) { ... on Workspace { id } } }'
  const { data } = await api.ask(tenant.token, document, { input: { name } })
  return { ...tenant, workspaceId: read<{ id: string }>(data, 'createWorkspace').id }
}

async function issueToken(
  api: TestApi,
  { token }: Tenant,
  role: string,
  workspaceId?: string,
): Promise<string> {
  const document = `mutation($input: IssueApiTokenInput!) { issueApiToken(input: $input) { ... on IssuedApiToken { secret } } }`
  const { data } = await api.ask(token, document, { input: { name: 'asker', role, workspaceId } })
  return read<{ secret: string }>(data, 'issueApiToken').secret
}

/** What `custom` may do: what it inherits, some patterns and some single permissions. */
export const customRole = {
  inherits: 'viewer',
  permissions: ['*:delete', 'teams:*', 'audit_logs:view'],
} as const

async function issueOfCustomRole(api: TestApi, { token }: Tenant): Promise<string> {
  const create = `mutation($input: CreateRoleInput!) { createRole(input: $input) { ... on Role { id } } }`
  const { inherits, permissions } = customRole
  const role = { name: 'custom', permissions, inheritedRoleIds: [`role_${inherits}`] }
  const created = await api.ask(token, create, { input: role })
  const { id: roleId } = read<{ id: string }>(created.data, 'createRole')
  const issue = `mutation($input: IssueApiTokenInput!) { issueApiToken(input: $input) { ... on IssuedApiToken { secret } } }`
  const { data } = await api.ask(token, issue, { input: { name: 'asker', roleId } })
  return read<{ secret: string }>(data, 'issueApiToken').secret
}

async function askField(
  api: TestApi,
  columns: Columns,
  asker: Asker,
  operation: Operation,
  field: GraphQLField<unknown, unknown>,
): Promise<{ verdict: Verdict; problem?: string }> {
  const { token, things } = columns[asker]
  const { document, variables, namesThings } = sampleOperation(operation, field, things)
  const answer =
    operation === 'subscription'
      ? await beginSubscription(api, token, document, variables)
      : await api.ask(token, document, variables)
  const verdict = verdictOf(answer)
  const problem = answer.errors[0]?.message
  // Of a field that names nothing the answer tells whose things it is about.
  const mayBeOwn = verdict === 'yes' && ['elsewhere', 'stranger'].includes(asker) && !namesThings
  if (mayBeOwn && !holdsAny(answer, things)) return { verdict: 'own' }
  return problem === undefined ? { verdict } : { verdict, problem }
}

function holdsAny(answer: Answer, things: Things): boolean {
  const text = JSON.stringify(answer.data)
  return Object.values(things).some((id) => id !== '' && text.includes(`"${id}"`))
}

export function verdictOf({ data, errors }: Answer): Verdict {
  const codes = errors.map(({ extensions }) => extensions.code)
  if (codes.includes('UNAUTHENTICATED')) return 'sign in'
  if (codes.includes('FORBIDDEN')) return 'no'
  const [result] = Object.values(data ?? {})
  if (result == null) return errors.length > 0 ? 'yes' : 'hidden'
  if (Array.isArray(result))
    return result.length > 0 && result.every((one) => one === null) ? 'hidden' : 'yes'
  return (result as { __typename?: string }).__typename === 'NotFound' ? 'hidden' : 'yes'
}

/** A subscription that is let in has nothing to tell yet: that it begins is the answer. */
async function beginSubscription(
  { controlPlane: { services } }: TestApi,
  token: string | undefined,
  document: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  const authenticate = async () =>
    token === undefined ? undefined : authenticateToken(services.database, token, services.now())
  const contextValue = createRequestContext(services, await authenticate(), 'req_test', authenticate)
  const begun = await subscribe({
    schema,
    document: parse(document),
    variableValues: variables,
    contextValue,
  })
  if (!('next' in begun)) {
    const errors = (begun.errors ?? []).map(({ message, extensions }) => ({ message, extensions }))
    return { status: 200, data: null, errors }
  }
  await begun.return?.(undefined)
  return { status: 200, data: { begun: true }, errors: [] }
}

const objectTypes = Object.values(schema.getTypeMap()).filter(isObjectType)
const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()])
const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)

/** The fields of objects that have a rule of their own, besides the one that showed the object. */
export const ruledFields = objectTypes
  .filter((type) => !roots.has(type))
  .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type, field })))
  .filter(({ field }) => declaredPermission(field) !== undefined)

async function measureObjectFields(api: TestApi, columns: Columns): Promise<Row[]> {
  const rows: Row[] = []
  for (const { type, field } of ruledFields) {
    const selection = `{ ... on ${type.name} { ${field.name} ${selectionOf(field.type)} } }`
    const verdicts = await askNodes(api, columns, type.name, selection)
    rows.push(rowOf(`${type.name}.${field.name}`, declaredPermission(field), verdicts))
  }
  return rows.sort(byName)
}

async function measureNodes(api: TestApi, columns: Columns): Promise<Row[]> {
  const node = schema.getTypeMap().Node as Parameters<typeof schema.getPossibleTypes>[0]
  const rows: Row[] = []
  for (const { name } of schema.getPossibleTypes(node)) {
    const verdicts = await askNodes(api, columns, name, '{ __typename }')
    rows.push(rowOf(name, '', verdicts))
  }
  return rows.sort(byName)
}

async function askNodes(api: TestApi, columns: Columns, type: string, selection: string) {
  const verdicts: Partial<Record<Asker, Verdict>> = {}
  for (const asker of order) {
    const { token, things } = columns[asker]
    const id = things[lowerFirst(type)] ?? 'nothing_1'
    const answer = await api.ask(token, `query($id: ID!) { node(id: $id) ${selection} }`, { id })
    verdicts[asker] = verdictOf(answer)
  }
  return verdicts
}

function rowOf(name: string, permission: string | undefined, found: Partial<Verdicts> | undefined): Row {
  const verdicts = Object.fromEntries(
    askers.map((asker) => {
      const verdict = found?.[asker]
      if (verdict === undefined) throw new Error(`${name} was not asked as ${asker}`)
      return [asker, verdict]
    }),
  ) as Verdicts
  return { name, permission: permission ?? '', verdicts }
}

function byName(a: Row, b: Row): number {
  return a.name < b.name ? -1 : 1
}
