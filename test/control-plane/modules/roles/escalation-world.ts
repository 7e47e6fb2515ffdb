import { expect } from 'vitest'
import { allPermissions, type Permission } from '../../../../contract/permissions.ts'
import { type Actor, systemActor } from '../../../../control-plane/actor.ts'
import { createOrganization } from '../../../../control-plane/bootstrap.ts'
import { Forbidden, Refusal } from '../../../../control-plane/graphql/errors.ts'
import { authenticateToken } from '../../../../control-plane/modules/api-tokens/index.ts'
import { issueApiToken } from '../../../../control-plane/modules/api-tokens/service.ts'
import { assignRole } from '../../../../control-plane/modules/roles/assignments.ts'
import { readRoleGraph, rightsOf } from '../../../../control-plane/modules/roles/graph.ts'
import { createRole, updateRole } from '../../../../control-plane/modules/roles/service.ts'
import { createTeam } from '../../../../control-plane/modules/teams/service.ts'
import { createUser } from '../../../../control-plane/modules/users/service.ts'
import { createWorkspace } from '../../../../control-plane/modules/workspaces/service.ts'
import { isWithin, type Rights, rowScopes } from '../../../../control-plane/rights.ts'
import type { ServiceContext } from '../../../../control-plane/service-context.ts'
import { type Installation, quietServices } from '../../organization.ts'

export const actions = ['createRole', 'updateRole', 'assignRole', 'issueApiToken'] as const
export type Action = (typeof actions)[number]

export interface DrawnRole {
  readonly picks: readonly number[]
  readonly permissions: readonly number[]
}

const start = Date.parse('2030-01-01T00:00:00Z')
const hour = 3_600_000
/** Without these somebody could try nothing. */
const giving: readonly Permission[] = ['roles:create', 'roles:update', 'roles:assign', 'api_tokens:create']
const pickOf = <T>(things: readonly T[], pick: number): T => things[pick % things.length] as T

/** An organization with roles of others, and somebody who tries to get more than they have. */
export class World {
  readonly #context: ServiceContext
  readonly #admin: Actor
  #now = start
  readonly #workspaceIds: string[] = []
  readonly #userIds: string[] = []
  readonly #roleIds = ['role_admin', 'role_developer', 'role_viewer']
  /** The first token and all that were issued with it or with one of them. */
  readonly #tokens: string[] = []
  #first: Actor | undefined
  #rightsAtFirst = new Map<string, Rights>()

  static async open({ database, secrets }: Installation): Promise<World> {
    const { organizationId, workspaceId } = await createOrganization(database, { name: 'Acme' })
    const world = new World({ database, secrets }, organizationId)
    world.#workspaceIds.push(workspaceId)
    const { id } = await createWorkspace(world.#context, world.#admin, { name: 'second' })
    world.#workspaceIds.push(id)
    const team = await createTeam(world.#context, world.#admin, { workspaceId, name: 'search' })
    for (const teamId of [team.id, team.id, null]) {
      world.#userIds.push((await createUser(world.#context, world.#admin, { name: 'user', teamId })).id)
    }
    return world
  }

  private constructor(
    { database, secrets }: Pick<Installation, 'database' | 'secrets'>,
    organizationId: string,
  ) {
    this.#context = quietServices({ database, secrets }, () => this.#now)
    this.#admin = systemActor(organizationId)
  }

  /** A role that an admin makes, and a user who has it. */
  async createOther(drawn: DrawnRole): Promise<void> {
    const { id } = await createRole(this.#context, this.#admin, this.#roleInput(drawn))
    this.#roleIds.push(id)
    const userId = pickOf(this.#userIds, drawn.picks[5] ?? 0)
    await assignRole(this.#context, this.#admin, { userId, roleId: id, expiresAt: this.#endOf(drawn) })
  }

  /** Somebody gets a token from an admin. What they could do then is all that anybody may do because of them. */
  async beginWith(drawn: DrawnRole): Promise<void> {
    const input = this.#roleInput(drawn)
    const isGiving = (drawn.picks[6] ?? 0) % 5 > 0
    const permissions = [...new Set([...input.permissions, ...(isGiving ? giving : [])])]
    const { id: roleId } = await createRole(this.#context, this.#admin, { ...input, permissions })
    this.#roleIds.push(roleId)
    const userId = (drawn.picks[5] ?? 0) % 2 === 0 ? null : pickOf(this.#userIds, drawn.picks[4] ?? 0)
    if (userId !== null) await assignRole(this.#context, this.#admin, { userId, roleId })
    const bounds = { userId, expiresAt: this.#endOf(drawn) }
    await this.#issue(this.#admin, { roleId, ...bounds })
    this.#first = await this.#authenticate(0)
    this.#rightsAtFirst = await this.#rights()
  }

  /** Tries one thing with one of the tokens. @returns whether it was done. */
  async take(action: Action, drawn: DrawnRole): Promise<boolean> {
    const actor = await this.#authenticate(drawn.picks[7] ?? 0)
    if (!actor) return false
    try {
      await this.#perform(actor, action, drawn)
      return true
    } catch (error) {
      if (error instanceof Refusal || error instanceof Forbidden) return false
      throw error
    }
  }

  async check(): Promise<void> {
    const first = this.#required()
    const bound = first.rights
    for (const index of this.#tokens.keys()) {
      const actor = await this.#authenticate(index)
      if (!actor) continue
      expect(isWithin(actor.rights, bound)).toBe(true)
      if (bound.rowScope !== 'all') expect(actor.user?.id).toBe(first.user?.id)
    }
    for (const [id, rights] of await this.#rights()) {
      const before = this.#rightsAtFirst.get(id)?.permissions ?? new Set()
      const gained = [...rights.permissions].filter((permission) => !before.has(permission))
      expect(gained.filter((permission) => !bound.permissions.has(permission))).toEqual([])
      // A role is about anybody's rows.
      if (bound.rowScope !== 'all') expect(gained).toEqual([])
    }
  }

  /** Once the rights of the first are over, so is all that came of them. */
  async checkEnd(): Promise<void> {
    const { expiresAt } = this.#required()
    if (expiresAt === null) return
    this.#now = expiresAt.getTime()
    for (const index of this.#tokens.keys()) {
      const actor = await this.#authenticate(index)
      expect([...(actor?.permissions ?? [])]).toEqual([])
    }
    // Others have these roles for good.
    const rights = await this.#rights()
    for (const [id, before] of this.#rightsAtFirst) {
      const now = rights.get(id)
      expect(now === undefined || isWithin(now, before)).toBe(true)
    }
  }

  async #perform(actor: Actor, action: Action, drawn: DrawnRole): Promise<void> {
    const { picks } = drawn
    const roleId = pickOf(this.#roleIds, picks[0] ?? 0)
    const userId = pickOf(this.#userIds, picks[1] ?? 0)
    const expiresAt = this.#endOf(drawn)
    if (action === 'createRole') {
      this.#roleIds.push((await createRole(this.#context, actor, this.#roleInput(drawn))).id)
    } else if (action === 'updateRole') {
      const { name: _name, ...input } = this.#roleInput(drawn)
      await updateRole(this.#context, actor, { ...input, id: roleId })
    } else if (action === 'assignRole') {
      await assignRole(this.#context, actor, { userId, roleId, expiresAt })
    } else {
      const workspaceId = (picks[2] ?? 0) % 2 === 0 ? null : pickOf(this.#workspaceIds, picks[3] ?? 0)
      const stands = (picks[6] ?? 0) % 3 === 0 ? userId : (actor.user?.id ?? null)
      await this.#issue(actor, { roleId, workspaceId, expiresAt, userId: stands })
    }
  }

  async #issue(actor: Actor, input: Omit<Parameters<typeof issueApiToken>[2], 'name'>): Promise<void> {
    const { secret } = await issueApiToken(this.#context, actor, { name: 'token', ...input })
    this.#tokens.push(secret)
  }

  #roleInput({ picks, permissions }: DrawnRole) {
    const [inherits = 0, which = 0, confines = 0, where = 0, rows = 0] = picks
    return {
      name: `role ${this.#roleIds.length} ${picks.join(' ')}`,
      permissions: permissions.map((pick) => pickOf([...allPermissions, ...giving], pick)),
      inheritedRoleIds: inherits % 3 === 0 ? [pickOf(this.#roleIds, which)] : [],
      workspaceIds: confines % 3 === 0 ? [pickOf(this.#workspaceIds, where)] : null,
      rowScope: rows % 2 === 0 ? ('all' as const) : pickOf(rowScopes, rows),
    }
  }

  #endOf({ picks }: DrawnRole): Date | null {
    const [pick = 0] = picks.slice(6)
    return pick % 3 === 0 ? null : new Date(start + (1 + (pick % 5)) * hour)
  }

  #authenticate(pick: number): Promise<Actor | undefined> {
    return authenticateToken(this.#context.database, pickOf(this.#tokens, pick), this.#now)
  }

  async #rights(): Promise<Map<string, Rights>> {
    const { database } = this.#context
    const graph = await database.transaction(this.#admin.organizationId, readRoleGraph)
    return new Map([...graph.keys()].map((id) => [id, rightsOf(graph, id)]))
  }

  #required(): Actor {
    if (!this.#first) throw new Error('nobody has begun')
    return this.#first
  }
}
