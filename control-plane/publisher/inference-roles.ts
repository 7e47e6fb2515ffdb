import type { EntityManager } from '@mikro-orm/postgresql'
import { canonicalJson, type Json } from '../../contract/canonical.ts'
import {
  type Entity,
  type HeldRole,
  keyOf,
  type Role,
  type User,
} from '../../contract/configuration/entities.ts'
import { RoleAssignmentEntity, RoleEntity } from '../modules/roles/entity.ts'
import { nodeOf } from '../modules/roles/graph.ts'
import { heldRolesSnapshot, roleSnapshots } from '../modules/roles/snapshot.ts'
import type { ConfigurationChange } from './revision.ts'

/*
 * What roles give of inference is told to data planes while the client configuration says `rolesGovernInference`. It
 * follows from the rows of roles and assignments alone. Whoever changes these, a user or that setting comes by here with
 * the head locked: what is read now is all that was committed before, and everybody after reads what is written now.
 */

/** A change with what it means for the documents of roles and users; what it says itself of a user's roles counts for nothing. */
export async function withInferenceRoles(
  em: EntityManager,
  organizationId: string,
  change: ConfigurationChange,
): Promise<ConfigurationChange> {
  if (!concernsRoles(change)) return change
  const documents = new Documents(em, organizationId)
  const present = await documents.areGoverned()
  const bare = { ...change, upserts: change.upserts.map(withoutRoles) }
  if (!isGoverned(change, present)) return present ? withoutAllRoles(bare, documents) : bare
  const whose = present ? change.holders : 'all'
  const told = await withHeldRoles(em, bare, documents, whose ?? [])
  return whose === undefined ? told : withRoleDocuments(em, told, documents)
}

function concernsRoles({ upserts, removals = [], holders }: ConfigurationChange): boolean {
  const isConcerned = (key: string) => key.startsWith('user/') || key.startsWith('client_configuration/')
  return holders !== undefined || upserts.map(keyOf).some(isConcerned) || removals.some(isConcerned)
}

function isGoverned({ upserts, removals = [] }: ConfigurationChange, present: boolean): boolean {
  const client = upserts.findLast((entity) => entity.kind === 'client_configuration')
  if (client) return client.rolesGovernInference === true
  return present && !removals.some((key) => key.startsWith('client_configuration/'))
}

async function withoutAllRoles(
  change: ConfigurationChange,
  documents: Documents,
): Promise<ConfigurationChange> {
  const others = untouched(await documents.users(undefined), change).filter(({ roles }) => roles)
  const roles = await documents.roles()
  return {
    upserts: [...change.upserts, ...others.map(withoutRoles)],
    removals: [...(change.removals ?? []), ...roles.map(keyOf)],
  }
}

/** With the roles of every user that it writes, and of those whose roles it changed. */
async function withHeldRoles(
  em: EntityManager,
  change: ConfigurationChange,
  documents: Documents,
  whose: readonly string[] | 'all',
): Promise<ConfigurationChange> {
  const written = change.upserts.filter((entity) => entity.kind === 'user').map(({ id }) => id)
  const ids = whose === 'all' ? undefined : [...written, ...whose]
  const held = await readHeldRoles(em, ids)
  const others = untouched(await documents.users(ids), change)
  const now = (user: User) => withRoles(user, held.get(user.id) ?? [])
  return {
    ...change,
    upserts: [
      ...change.upserts.map((entity) => (entity.kind === 'user' ? now(entity) : entity)),
      ...others.filter((user) => !isSame(user, now(user))).map(now),
    ],
  }
}

async function withRoleDocuments(
  em: EntityManager,
  change: ConfigurationChange,
  documents: Documents,
): Promise<ConfigurationChange> {
  const present = new Map((await documents.roles()).map((role) => [role.id, role]))
  const roles = await readRoleDocuments(em)
  const kept = new Set(roles.map(({ id }) => id))
  const gone = [...present.values()].filter(({ id }) => !kept.has(id))
  return {
    upserts: [...change.upserts, ...roles.filter((role) => !isSame(role, present.get(role.id)))],
    removals: [...(change.removals ?? []), ...gone.map(keyOf)],
  }
}

/** What data planes were told up to now. */
class Documents {
  readonly #em: EntityManager
  readonly #organizationId: string

  constructor(em: EntityManager, organizationId: string) {
    this.#em = em
    this.#organizationId = organizationId
  }

  async areGoverned(): Promise<boolean> {
    const found = await this.#em.execute<object[]>(
      `select from config_entities where org_id = ? and kind = 'client_configuration'
       and document->>'rolesGovernInference' = 'true'`,
      [this.#organizationId],
    )
    return found.length > 0
  }

  roles(): Promise<Role[]> {
    return this.#read<Role>('role', undefined)
  }

  /** @param ids without: all. */
  users(ids: readonly string[] | undefined): Promise<User[]> {
    return this.#read<User>('user', ids)
  }

  async #read<Document extends Entity>(
    kind: Document['kind'],
    ids: readonly string[] | undefined,
  ): Promise<Document[]> {
    const rows = await this.#em.execute<{ document: Document }[]>(
      `select document from config_entities where org_id = ? and kind = ?
       ${ids ? 'and id in (select jsonb_array_elements_text(?::jsonb))' : ''} order by id`,
      [this.#organizationId, kind, ...(ids ? [JSON.stringify(ids)] : [])],
    )
    return rows.map(({ document }) => document)
  }
}

/** Those of which the change itself says nothing. */
function untouched(users: readonly User[], { upserts, removals = [] }: ConfigurationChange): User[] {
  const touched = new Set<string>([...upserts.map(keyOf), ...removals])
  return users.filter((user) => !touched.has(keyOf(user)))
}

/** Read and not kept: they may be many, and nobody changes them. */
const unmanaged = { disableIdentityMap: true } as const

async function readRoleDocuments(em: EntityManager): Promise<Role[]> {
  const rows = await em.find(RoleEntity, {}, unmanaged)
  return roleSnapshots(new Map(rows.map((role) => [role.id, nodeOf(role)])))
}

/** A role for a single object gives no inference. @param userIds without: of all. */
async function readHeldRoles(
  em: EntityManager,
  userIds: readonly string[] | undefined,
): Promise<ReadonlyMap<string, HeldRole[]>> {
  const condition = { objectId: null, ...(userIds && { userId: { $in: [...userIds] } }) }
  const assignments = await em.find(RoleAssignmentEntity, condition, unmanaged)
  const byUser = Map.groupBy(assignments, ({ userId }) => userId)
  return new Map([...byUser].map(([userId, held]) => [userId, heldRolesSnapshot(held)]))
}

function withRoles(user: User, held: readonly HeldRole[]): User {
  const { roles: _roles, ...others } = user
  return held.length === 0 ? others : { ...others, roles: [...held] }
}

function withoutRoles<E extends Entity>(entity: E): E | User {
  return entity.kind === 'user' ? withRoles(entity, []) : entity
}

function isSame(one: Entity, other: Entity | undefined): boolean {
  return other !== undefined && canonicalJson(one as Json) === canonicalJson(other as Json)
}
