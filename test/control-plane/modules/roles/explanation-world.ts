import { type Permission, systemRoles } from '../../../../contract/permissions.ts'
import { type Actor, systemActor } from '../../../../control-plane/actor.ts'
import { createOrganization, issueAdminToken } from '../../../../control-plane/bootstrap.ts'
import { createRequestContext } from '../../../../control-plane/graphql/context.ts'
import { authenticateToken, createToken } from '../../../../control-plane/modules/api-tokens/index.ts'
import { createCustomer } from '../../../../control-plane/modules/customers/service.ts'
import { createProvider } from '../../../../control-plane/modules/providers/service.ts'
import { assignRole } from '../../../../control-plane/modules/roles/assignments.ts'
import { explainPermission } from '../../../../control-plane/modules/roles/explain-permission.ts'
import { createRole, updateRole } from '../../../../control-plane/modules/roles/service.ts'
import { authenticateSession } from '../../../../control-plane/modules/sessions/index.ts'
import { createTeam } from '../../../../control-plane/modules/teams/service.ts'
import { createUser, updateUser } from '../../../../control-plane/modules/users/service.ts'
import { createWorkspace } from '../../../../control-plane/modules/workspaces/service.ts'
import { rowScopes } from '../../../../control-plane/rights.ts'
import type { ServiceContext } from '../../../../control-plane/service-context.ts'
import type { Session } from '../../../../control-plane/sessions/session.ts'
import type { Sessions } from '../../../../control-plane/sessions/sessions.ts'
import { type Installation, quietServices } from '../../organization.ts'

/** Numbers that pick among whatever there is. */
export type Picks = readonly number[]

export interface DrawnQuestion {
  readonly subject: number
  readonly place: number
  readonly permission: number
}

const start = Date.parse('2030-01-01T00:00:00Z')
const hour = 3_600_000
const pickOf = <T>(things: readonly T[], pick: number): T => things[pick % things.length] as T
/** Few, so that questions and roles meet. */
const asked: readonly Permission[] = [
  ...(['teams:view', 'teams:update', 'customers:view', 'customers:delete', 'providers:view'] as const),
  ...(['providers:update', 'roles:view', 'virtual_keys:rotate'] as const),
]

interface Thing {
  readonly id: string
  readonly workspaceId: string | null
}

/** An organization with roles, users and tokens as they were drawn, and questions about them. */
export class ExplanationWorld {
  readonly #services: ServiceContext
  readonly #admin: Actor
  #now = start
  readonly #workspaceIds: string[] = []
  readonly #things: Thing[] = []
  readonly #userIds: string[] = []
  readonly #roleIds = ['role_developer', 'role_viewer']
  readonly #tokens: { id: string; secret: string }[] = []

  static async open({ database, secrets }: Installation): Promise<ExplanationWorld> {
    const { organizationId, workspaceId } = await createOrganization(database, { name: 'Acme' })
    // Or nothing could be withheld from a system role.
    await issueAdminToken(database, organizationId, 'admin')
    const world = new ExplanationWorld(
      quietServices({ database, secrets }, () => world.#now),
      systemActor(organizationId),
    )
    await world.#furnish(workspaceId)
    return world
  }

  private constructor(services: ServiceContext, admin: Actor) {
    this.#services = services
    this.#admin = admin
  }

  async createRole(picks: Picks): Promise<void> {
    const [inherits = 0, which = 0, confines = 0, where = 0, rows = 0, ...permissions] = picks
    const { id } = await createRole(this.#services, this.#admin, {
      name: `role ${this.#roleIds.length}`,
      permissions: permissions.map((pick) => pickOf(asked, pick)),
      inheritedRoleIds: inherits % 3 > 0 ? [pickOf(this.#roleIds, which)] : [],
      workspaceIds: confines % 3 === 0 ? [pickOf(this.#workspaceIds, where)] : null,
      rowScope: rows % 3 === 0 ? pickOf(rowScopes, where) : 'all',
    })
    this.#roleIds.push(id)
  }

  /** The last workspace, object, role and user are picked as often as the first. */
  async assign([who = 0, what = 0, which = 0, end = 0]: Picks): Promise<void> {
    const objectId = which % 2 === 0 ? null : pickOf(this.#things, which >> 1).id
    const assignment = {
      ...{ userId: pickOf(this.#userIds, who), roleId: pickOf(this.#roleIds, what), objectId },
      expiresAt: end % 3 === 0 ? new Date(start + hour) : null,
    }
    // A role that says nothing of an object is not given for it.
    await assignRole(this.#services, this.#admin, assignment).catch(() => undefined)
  }

  async issue([who = 0, what = 0, where = 0, end = 0]: Picks): Promise<void> {
    const terms = {
      name: 'token',
      userId: who % 4 === 0 ? null : pickOf(this.#userIds, who),
      roleId: pickOf(this.#roleIds, what),
      workspaceId: where % 3 === 0 ? pickOf(this.#workspaceIds, where) : null,
      expiresAt: end % 5 === 0 ? new Date(start + hour) : null,
    }
    const { apiToken, secret } = await this.#services.database.transaction(this.#admin.organizationId, (em) =>
      createToken(this.#services, em, this.#admin, terms),
    )
    this.#tokens.push({ id: apiToken.id, secret })
  }

  /** An hour passes, a system role loses something, perhaps somebody is made inactive. */
  async age([withheld = 0, inactive = 0]: Picks): Promise<void> {
    this.#now += hour
    const lost = pickOf(asked, withheld)
    const permissions = systemRoles.developer.permissions.filter((one) => one !== lost)
    await updateRole(this.#services, this.#admin, { id: 'role_developer', permissions })
    if (inactive % 3 > 0) return
    await updateUser(this.#services, this.#admin, { id: pickOf(this.#userIds, inactive), active: false })
  }

  /** What is explained, and what whoever acts as the one asked about would be answered. */
  async ask(drawn: DrawnQuestion) {
    const permission = pickOf(asked, drawn.permission)
    const place = pickOf(this.#places(), drawn.place)
    const subject = pickOf(this.#subjects(), drawn.subject)
    const actor = await subject.act()
    const context = createRequestContext(this.#services, this.#admin, 'test', async () => this.#admin)
    const explained = await explainPermission(context, { ...subject.input, ...place.input, permission })
    return { explained, expected: actor !== undefined && mayDo(actor, permission, place) }
  }

  #subjects() {
    const { database, now } = this.#services
    return [
      ...this.#userIds.map((userId) => ({ input: { userId }, act: () => this.#signIn(userId) })),
      ...this.#tokens.map(({ id, secret }) => ({
        input: { apiTokenId: id },
        act: () => authenticateToken(database, secret, now()),
      })),
    ]
  }

  #places(): Place[] {
    return [
      { input: {}, scope: undefined },
      { input: { organizationWide: true }, scope: { workspaceId: null } },
      ...this.#workspaceIds.map((workspaceId) => ({ input: { workspaceId }, scope: { workspaceId } })),
      ...this.#things.map((scope) => ({ input: { objectId: scope.id }, scope })),
    ]
  }

  /** As a request with a session's cookie. */
  #signIn(userId: string): Promise<Actor | undefined> {
    const { organizationId } = this.#admin
    const session = { id: 'sess_1', organizationId, userId, providerId: 'idp_1', subject: userId }
    const sessions = { authenticate: async () => session as Session } as Partial<Sessions> as Sessions
    return authenticateSession({ ...this.#services, sessions }, 'cookie')
  }

  async #furnish(workspaceId: string): Promise<void> {
    const [services, admin] = [this.#services, this.#admin]
    const second = await createWorkspace(services, admin, { name: 'second' })
    this.#workspaceIds.push(workspaceId, second.id)
    for (const id of this.#workspaceIds) {
      this.#things.push(await createTeam(services, admin, { workspaceId: id, name: 'team' }))
    }
    this.#things.push(await createCustomer(services, admin, { workspaceId, name: 'customer' }))
    const provider = { name: 'provider', baseUrl: 'https://api.example.com/v1' }
    this.#things.push({ id: (await createProvider(services, admin, provider)).id, workspaceId: null })
    for (const name of ['one', 'other']) {
      this.#userIds.push((await createUser(services, admin, { name })).id)
    }
  }
}

interface Place {
  readonly input: object
  readonly scope: { readonly workspaceId: string | null; readonly id?: string } | undefined
}

/** What belongs to no workspace is shown to whoever may see things of its kind, and changed by nobody confined. */
function mayDo(actor: Actor, permission: Permission, { scope }: Place): boolean {
  if (scope?.id !== undefined && scope.workspaceId === null && permission.endsWith(':view')) {
    return actor.may(permission) || actor.isGranted(permission, scope.id)
  }
  return actor.may(permission, scope)
}
