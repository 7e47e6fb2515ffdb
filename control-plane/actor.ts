import { type Permission, type SystemRole, systemRoles } from '../contract/permissions.ts'
import { Forbidden } from './graphql/errors.ts'

export interface ActorIdentity {
  readonly kind: 'api_token' | 'system'
  readonly id: string
  readonly name: string
  readonly organizationId: string
  /** Confines the actor to one workspace; null reaches all of the organization. */
  readonly workspaceId: string | null
  readonly role: SystemRole
}

/** Where a permission is wanted. */
export interface PermissionScope {
  /** The workspace of the thing; null when it belongs to the organization itself. */
  readonly workspaceId: string | null
}

/** Whoever asks, and what they may do. */
export class Actor {
  readonly kind: ActorIdentity['kind']
  readonly id: string
  readonly name: string
  readonly organizationId: string
  readonly workspaceId: string | null
  readonly role: SystemRole
  readonly permissions: ReadonlySet<Permission>

  constructor(identity: ActorIdentity) {
    this.kind = identity.kind
    this.id = identity.id
    this.name = identity.name
    this.organizationId = identity.organizationId
    this.workspaceId = identity.workspaceId
    this.role = identity.role
    this.permissions = new Set(systemRoles[identity.role].permissions)
  }

  /** Whether the role has the permission; without a scope: anywhere at all. */
  may(permission: Permission, scope?: PermissionScope): boolean {
    if (!this.permissions.has(permission)) return false
    if (scope === undefined || this.workspaceId === null) return true
    return scope.workspaceId === this.workspaceId
  }

  /** @throws Forbidden */
  require(permission: Permission, scope?: PermissionScope): void {
    if (this.may(permission, scope)) return
    if (this.permissions.has(permission)) {
      throw new Forbidden(permission, `Your token is confined to the workspace "${this.workspaceId}"`)
    }
    throw new Forbidden(permission)
  }
}

/** Gatehouse itself: the command line and the set-up of an organization. */
export function systemActor(organizationId: string): Actor {
  return new Actor({
    kind: 'system',
    id: 'gatehouse',
    name: 'Gatehouse',
    organizationId,
    workspaceId: null,
    role: 'admin',
  })
}
