import type { CredentialKind } from '../contract/credential-kinds.ts'
import { allPermissions, type Permission } from '../contract/permissions.ts'
import type { Assurance } from './assurance.ts'
import type { AccessPolicy } from './authorization/access-policy.ts'
import type { RequestFacts, ResourceFacts } from './authorization/circumstances.ts'
import {
  denierOf,
  grantsWithoutDenied,
  type Restrictions,
  withoutConditional,
  withoutDenied,
} from './authorization/restrictions.ts'
import { Forbidden } from './graphql/errors.ts'
import type { ObjectGrants, Rights, RowScope } from './rights.ts'

export interface ActorIdentity {
  readonly kind: 'api_token' | 'user' | 'identity_provider' | 'system'
  readonly id: string
  readonly name: string
  readonly organizationId: string
  /** The role that gives the rights. */
  readonly roleId: string
  readonly rights: Rights
  /** None unless given. */
  readonly objectGrants?: ObjectGrants
  /** The user that the actor stands for, whose rows and whose teams' they may see; none unless given. */
  readonly user?: { readonly id: string; readonly teamIds: readonly string[] } | null
  /** When the first of the rights ends; never unless given. */
  readonly expiresAt?: Date | null
  /** Who is behind it; the actor itself unless given. */
  readonly personId?: string
  /** Who was shown the secret by which they act; nobody unless given. */
  readonly shownTo?: string | null
  /** How they signed in; not with a token unless given. */
  readonly signIn?: SignIn
  /** By which they act; null unless given, which is accepted whatever the organization says: that of an emergency, or none. */
  readonly credential?: CredentialKind | null
  /** What is known of the request that they make; nothing unless given. */
  readonly facts?: RequestFacts | undefined
  /** What access policies take from the rights; nothing unless given. */
  readonly restrictions?: Restrictions | undefined
  /** What they have proved; null asks for no proof, as of Gatehouse itself. */
  readonly assurance: Assurance | null
}

/** By what a user is known who signed in. */
export interface SignIn {
  readonly sessionId: string
  readonly providerId: string
  readonly subject: string
}

/**
 * Where a permission is wanted: in the workspace of the thing, null when it belongs to the organization itself; on the thing
 * itself, when it is there already, with whoever it belongs to.
 */
export type PermissionScope = ResourceFacts

/** Whoever asks, and what they may do. */
export class Actor {
  readonly kind: ActorIdentity['kind']
  readonly id: string
  readonly name: string
  readonly organizationId: string
  readonly roleId: string
  readonly rights: Rights
  readonly objectGrants: ObjectGrants
  readonly user: { readonly id: string; readonly teamIds: readonly string[] } | null
  readonly expiresAt: Date | null
  /**
   * Equal for all actors behind which one person is known to be: the user that they stand for; for a token that stands
   * for nobody, the person who issued it.
   */
  readonly personId: string
  /** Who was shown the secret by which it acts, and may be who acts; null: nobody known. */
  readonly shownTo: string | null
  readonly signIn: SignIn | null
  readonly credential: CredentialKind | null
  readonly facts: RequestFacts | undefined
  readonly restrictions: Restrictions | undefined
  readonly assurance: Assurance | null
  readonly #identity: ActorIdentity

  constructor(identity: ActorIdentity) {
    const { restrictions, objectGrants = new Map() } = identity
    this.kind = identity.kind
    this.id = identity.id
    this.name = identity.name
    this.organizationId = identity.organizationId
    this.roleId = identity.roleId
    this.rights = restrictions ? withoutDenied(identity.rights, restrictions) : identity.rights
    this.objectGrants = restrictions ? grantsWithoutDenied(objectGrants, restrictions) : objectGrants
    this.user = identity.user ?? null
    this.expiresAt = identity.expiresAt ?? null
    this.personId = identity.personId ?? identity.id
    this.shownTo = identity.shownTo ?? null
    this.signIn = identity.signIn ?? null
    this.credential = identity.credential ?? null
    this.facts = identity.facts
    this.#identity = identity
    this.restrictions = restrictions
    this.assurance = identity.assurance
  }

  get permissions(): ReadonlySet<Permission> {
    return this.rights.permissions
  }

  /** What the actor can give to others: nothing that a policy lets them do to some things alone. */
  get givableRights(): Rights {
    return this.restrictions ? withoutConditional(this.rights, this.restrictions) : this.rights
  }

  /** The only workspaces that the actor reaches; null: all of the organization. */
  get workspaceIds(): readonly string[] | null {
    return this.rights.workspaceIds
  }

  get rowScope(): RowScope {
    return this.rights.rowScope
  }

  /** Whether the actor reaches a thing of this workspace; null: a thing of the organization itself. */
  reaches(workspaceId: string | null): boolean {
    return this.workspaceIds === null || (workspaceId !== null && this.workspaceIds.includes(workspaceId))
  }

  /**
   * Whether they have the permission and have proved what its use needs; without a scope: anywhere at all, and not on
   * single objects alone.
   */
  may(permission: Permission, scope?: PermissionScope): boolean {
    return this.#has(permission, scope) && this.#hasProved(permission)
  }

  #hasProved(permission: Permission): boolean {
    return this.assurance?.isEnoughFor(permission) ?? true
  }

  #has(permission: Permission, scope: PermissionScope | undefined): boolean {
    if (scope === undefined) return this.permissions.has(permission)
    const isHeld = this.permissions.has(permission) || this.isGranted(permission, scope.id)
    return isHeld && this.reaches(scope.workspaceId) && this.denier(permission, scope) === undefined
  }

  /** The same actor as their roles alone say. */
  unrestricted(): Actor {
    return this.restrictions ? new Actor({ ...this.#identity, restrictions: undefined }) : this
  }

  /** The access policy that denies this there. */
  denier(permission: Permission, scope?: PermissionScope): AccessPolicy | undefined {
    return this.restrictions && denierOf(this.restrictions, permission, scope)
  }

  /** Whether a thing is shown that the database lets the actor read: where it is has been decided there. */
  maySee(permission: Permission, id: string): boolean {
    const isHeld = this.#has(permission, undefined) || this.isGranted(permission, id)
    return isHeld && this.#hasProved(permission)
  }

  /** Whether the permission was given for this object alone. */
  isGranted(permission: Permission, objectId: string | undefined): boolean {
    return objectId !== undefined && this.objectGrants.get(objectId)?.has(permission) === true
  }

  /** @throws Forbidden, MfaRequired */
  require(permission: Permission, scope?: PermissionScope): void {
    if (this.#has(permission, scope)) {
      this.assurance?.require(permission)
      return
    }
    const denier = this.denier(permission, scope)
    if (denier) throw new Forbidden(permission, `The access policy "${denier.terms.name}" denies it now`)
    if (!this.permissions.has(permission) && !this.isGranted(permission, scope?.id)) {
      throw new Forbidden(permission)
    }
    const reached = this.workspaceIds?.map((id) => `"${id}"`).join(', ') || 'that there are none of'
    throw new Forbidden(permission, `You are confined to the workspaces ${reached}`)
  }
}

/** Gatehouse itself: the command line and the set-up of an organization. */
export function systemActor(organizationId: string): Actor {
  return new Actor({
    kind: 'system',
    id: 'gatehouse',
    name: 'Gatehouse',
    organizationId,
    roleId: 'role_admin',
    assurance: null,
    rights: { permissions: new Set(allPermissions), workspaceIds: null, rowScope: 'all' },
  })
}
