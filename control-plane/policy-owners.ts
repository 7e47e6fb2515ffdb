import type { EntityManager } from '@mikro-orm/postgresql'
import type { GovernedLevel } from '../contract/configuration/entities.ts'
import type { Actor } from './actor.ts'
import { NotFound } from './graphql/refusals.ts'

/** Whoever carries a budget or a request limit. */
export interface PolicyOwner {
  readonly kind: GovernedLevel
  readonly id: string
}

export interface PlacedPolicyOwner extends PolicyOwner {
  /** Null when it belongs to the organization itself. */
  readonly workspaceId: string | null
}

const tables: Readonly<Record<GovernedLevel, { readonly name: string; readonly inWorkspace: boolean }>> = {
  organization: { name: 'organizations', inWorkspace: false },
  customer: { name: 'customers', inWorkspace: true },
  business_unit: { name: 'business_units', inWorkspace: true },
  team: { name: 'teams', inWorkspace: true },
  user: { name: 'users', inWorkspace: false },
  virtual_key: { name: 'virtual_keys', inWorkspace: true },
  provider_config: { name: 'provider_configs', inWorkspace: true },
}

/**
 * Locks the row of an owner, so that no policy is given to an owner that is being deleted, and no two at once.
 *
 * @throws NotFound when there is none that the actor may see.
 */
export async function lockPolicyOwner(
  em: EntityManager,
  actor: Actor,
  owner: PolicyOwner,
): Promise<PlacedPolicyOwner> {
  const [row] = await lockRows(em, actor.organizationId, owner.kind, [owner.id])
  const isElsewhere = row?.workspaceId != null && !actor.reaches(row.workspaceId)
  if (!row || isElsewhere) throw new NotFound(owner.kind.replace('_', ' '), owner.id)
  return { ...owner, workspaceId: row.workspaceId }
}

/** Locks the rows of owners that are about to be deleted, before their policies are looked for. */
export async function lockPolicyOwners(
  em: EntityManager,
  organizationId: string,
  owners: readonly PolicyOwner[],
): Promise<void> {
  for (const [kind, group] of Map.groupBy(owners, (owner) => owner.kind)) {
    const ids = group.map(({ id }) => id)
    await lockRows(em, organizationId, kind, ids)
  }
}

function lockRows(em: EntityManager, organizationId: string, kind: GovernedLevel, ids: readonly string[]) {
  const { name, inWorkspace } = tables[kind]
  const organizationColumn = kind === 'organization' ? 'id' : 'org_id'
  const workspace = inWorkspace ? 'workspace_id' : 'null'
  // Weaker than FOR UPDATE: rows that refer to the owner can still be written.
  return em.execute<{ id: string; workspaceId: string | null }[]>(
    `select id, ${workspace} as "workspaceId" from ${name}
     where ${organizationColumn} = ? and id in (select jsonb_array_elements_text(?::jsonb))
     order by id for no key update`,
    [organizationId, JSON.stringify(ids)],
  )
}
