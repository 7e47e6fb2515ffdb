import type { EntityManager } from '@mikro-orm/postgresql'
import { canonicalJson, type Json } from '../../../contract/canonical.ts'
import { entities } from '../../db/entities.ts'
import { quoteIdentifier } from '../../db/tenant-table.ts'
import { typeNameOfId } from '../../graphql/node-types.ts'
import type { ServiceContext } from '../../service-context.ts'
import { lockRoleGraph, type RoleGraph, rightsOf } from '../roles/index.ts'

/**
 * What was asked for, and all that it names, as it is now: every row by its content and every role by what it gives, inherited
 * rights too. The rows and the roles stay so until the transaction ends.
 */
export async function digestOf(
  { secrets }: Pick<ServiceContext, 'secrets'>,
  em: EntityManager,
  organizationId: string,
  { mutation, input }: { readonly mutation: string; readonly input: object },
): Promise<string> {
  const graph = await lockRoleGraph(em, organizationId)
  const plain = JSON.parse(JSON.stringify(input)) as Json
  const named: Json[] = []
  for (const id of [...new Set(idsIn(plain))].sort()) {
    named.push([id, await rowOf(em, organizationId, id), rightsIn(graph, id)])
  }
  // Under the pepper, because an input may hold a secret that could be guessed.
  return secrets.digestVirtualKey(canonicalJson([mutation, plain, named]))
}

function idsIn(value: Json | undefined): string[] {
  if (typeof value === 'string') return typeNameOfId(value) === '' ? [] : [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(idsIn)
}

/** What roles and identity providers are about. */
const namedEntities: ReadonlySet<string> = new Set([
  ...['Role', 'RoleAssignment', 'User', 'IdentityProvider', 'Workspace', 'AccessProfile'],
  ...['Customer', 'BusinessUnit', 'Team', 'VirtualKey', 'Provider', 'JwtProvider'],
])

/** Columns of what is fetched every minute, which nobody changes by it. */
const fetched = "array['keys', 'keys_fetched_at', 'keys_asked_at', 'keys_problem']"

async function rowOf(em: EntityManager, organizationId: string, id: string): Promise<string | null> {
  const name = typeNameOfId(id)
  const entity = entities.find(({ meta }) => meta.className === name && namedEntities.has(name))
  if (!entity) return null
  const table = quoteIdentifier(entity.meta.tableName)
  const [row] = await em.execute<{ content: string }[]>(
    `select (to_jsonb(named) - ${fetched})::text as content from ${table} named where org_id = ? and id = ? for update`,
    [organizationId, id],
  )
  return row?.content ?? null
}

function rightsIn(graph: RoleGraph, id: string): Json {
  if (!graph.has(id)) return null
  const { permissions, workspaceIds, rowScope } = rightsOf(graph, id)
  return [[...permissions].sort(), workspaceIds && [...workspaceIds].sort(), rowScope]
}
