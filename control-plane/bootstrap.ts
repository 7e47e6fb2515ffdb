import { systemActor } from './actor.ts'
import { recordChange } from './change.ts'
import type { Database } from './db/database.ts'
import { newId } from './db/id.ts'
import { checkName } from './input.ts'
import { createToken } from './modules/api-tokens/index.ts'
import {
  clientConfigurationSnapshot,
  createClientConfiguration,
} from './modules/client-configuration/index.ts'
import { OrganizationEntity, organizationSnapshot } from './modules/organizations/index.ts'
import { createSystemRoles, restoreAdminRole, systemRoleId } from './modules/roles/index.ts'
import { WorkspaceEntity } from './modules/workspaces/index.ts'
import type { Clock } from './service-context.ts'

/** Both are commands of whoever runs Gatehouse, outside any request. */
const clock: Clock = { now: Date.now }

export interface CreatedOrganization {
  readonly organizationId: string
  /** Its first workspace, "default". */
  readonly workspaceId: string
}

export interface CreateOrganization {
  readonly name: string
  /** False for one that a single person tries things out with; true unless said. */
  readonly requireApprovalForHeaderChanges?: boolean
}

/** Creates an organization with a workspace and the first revision of its configuration. */
export function createOrganization(
  database: Database,
  input: CreateOrganization,
): Promise<CreatedOrganization> {
  const organizationId = newId('org')
  const workspaceId = newId('ws')
  const actor = systemActor(organizationId)
  const name = checkName('name', input.name)
  return database.transaction(organizationId, async (em) => {
    const createdAt = new Date(clock.now())
    const organization = em.create(OrganizationEntity, { id: organizationId, name, createdAt })
    await em.flush()
    createSystemRoles(em, organizationId, createdAt)
    em.create(WorkspaceEntity, { id: workspaceId, organizationId, name: 'default', createdAt })
    const { requireApprovalForHeaderChanges = true } = input
    const settings = { requireApprovalForHeaderChanges }
    const clientConfiguration = createClientConfiguration(em, organizationId, settings)
    await recordChange(
      clock,
      em,
      actor,
      {
        type: 'organization.created',
        subject: { kind: 'organization', id: organizationId },
        details: { name, workspaceId },
      },
      { upserts: [organizationSnapshot(organization), clientConfigurationSnapshot(clientConfiguration)] },
    )
    return { organizationId, workspaceId }
  })
}

/**
 * A new API token of the role admin for whoever has the database and no other way in. The audit log says so, and why. It
 * helps however little that role allowed: it allows everything again.
 *
 * @returns the whole token, which is shown nowhere else
 */
export function issueRecoveryToken(
  database: Database,
  organizationId: string,
  { reason, minutes }: { readonly reason: string; readonly minutes: number },
): Promise<string> {
  const actor = systemActor(organizationId)
  const expiresAt = new Date(clock.now() + minutes * 60_000)
  const terms = { ...unbound, name: 'recovery', roleId: systemRoleId('admin'), expiresAt, forRecovery: true }
  const details = { reason: checkName('reason', reason), minutes, severity: 'high' }
  return database.transaction(organizationId, async (em) => {
    await restoreAdminRole(clock, em, actor)
    const { apiToken, secret } = await createToken(clock, em, actor, terms)
    const subject = { kind: 'api_token', id: apiToken.id }
    await recordChange(clock, em, actor, { type: 'admin.recovered', subject, details })
    return secret
  })
}

const unbound = { userId: null, workspaceId: null, expiresAt: null }

/** A new API token of the role admin; the answer is the whole token, which is shown nowhere else. */
export function issueAdminToken(database: Database, organizationId: string, name: string): Promise<string> {
  const token = { name: checkName('name', name), roleId: systemRoleId('admin'), ...unbound }
  return database.transaction(organizationId, async (em) => {
    const { secret } = await createToken(clock, em, systemActor(organizationId), token)
    return secret
  })
}
