import { canonicalJson } from '../../../contract/canonical.ts'
import type {
  ClientConfiguration,
  Entity,
  EntityKey,
  User,
} from '../../../contract/configuration/entities.ts'
import { findWideningOfDocuments } from '../client-configuration/index.ts'
import type { EarlierState } from './earlier-state.ts'

/** What a roll-back does to the documents, and what it cannot do. */
export interface RestorationPlan {
  readonly upserts: Map<EntityKey, Entity>
  readonly removals: Set<EntityKey>
  /** Why something stays as it is, by its key. */
  readonly unrestorable: Map<string, string>
}

/**
 * Decides for each entity that changed since. A key that was issued since is switched off, because a secret that is
 * known outside is not to be forgotten; what has lost its secret cannot come back; data planes are no
 * configuration that anybody wrote, and whose tokens are believed is a matter of who gets in.
 */
export function planRestoration(
  { documents, present, rows }: EarlierState,
  { guardsHeaders }: { readonly guardsHeaders: boolean },
): RestorationPlan {
  const plan: RestorationPlan = { upserts: new Map(), removals: new Set(), unrestorable: new Map() }
  for (const [key, document] of documents) {
    const now = present.get(key)
    const earlier = document && asFarAsOpen(document, now)
    const reason =
      earlier && (reasonAgainst(earlier, now) ?? (guardsHeaders ? wideningOf(earlier, now) : undefined))
    if (stays.has(key.slice(0, key.indexOf('/'))) || differInRolesAlone(earlier, now)) continue
    if (reason !== undefined) plan.unrestorable.set(key, reason)
    else if (earlier) plan.upserts.set(key, earlier)
    else if (now?.kind === 'virtual_key') {
      if (now.status === 'active') plan.upserts.set(key, { ...now, status: 'inactive' })
    } else if (now) plan.removals.add(key)
  }
  leaveKeysOfLostProviderKeys(plan, present)
  leaveProfilesOfLostProviderKeys(plan, present, rows)
  leavePoliciesOfNobody(plan, present)
  return plan
}

/** What follows from rows, a role's document among it, is told anew by whoever records the change. */
const stays: ReadonlySet<string> = new Set(['data_plane', 'token_issuer', 'token_holder', 'role'])

/** Who has which roles is in rows that no roll-back touches. */
function differInRolesAlone(earlier: Entity | undefined, now: Entity | undefined): boolean {
  if (earlier?.kind !== 'user' || now?.kind !== 'user') return false
  const withoutRoles = ({ roles: _roles, ...user }: User) => canonicalJson(user)
  return withoutRoles(earlier) === withoutRoles(now)
}

/** What the reader of a refusal calls a thing. */
export function nameOf(entity: Entity): string {
  const kind = entity.kind.replaceAll('_', ' ')
  return 'name' in entity ? `${kind} "${entity.name}" (${entity.id})` : `${kind} ${entity.id}`
}

function reasonAgainst(earlier: Entity, now: Entity | undefined): string | undefined {
  if (earlier.kind === 'provider_key' && !now) return `${nameOf(earlier)} was removed, and its secret with it`
  if (earlier.kind !== 'virtual_key') return undefined
  if (now?.kind !== 'virtual_key') return `${nameOf(earlier)} was deleted, and its secret with it`
  if (now.status === 'revoked' && earlier.status !== 'revoked') return `${nameOf(earlier)} was revoked`
  return undefined
}

/** One person who rolls back lets no more headers through than one who changes the lists. [S1-45] */
function wideningOf(earlier: Entity, now: Entity | undefined): string | undefined {
  if (earlier.kind !== 'client_configuration') return undefined
  const present: ClientConfiguration | undefined = now?.kind === 'client_configuration' ? now : undefined
  const widening = findWideningOfDocuments(present, earlier)
  if (widening.length === 0) return undefined
  return `${nameOf(earlier)} needs a second person, for ${widening.join('; ')}: ask for it with updateClientConfiguration`
}

/** Whoever rotated a secret had a reason, and whoever switched a person off: that one has left, perhaps. */
function asFarAsOpen(earlier: Entity, now: Entity | undefined): Entity {
  if (earlier.kind === 'user' && now?.kind === 'user') {
    return { ...earlier, active: earlier.active && now.active }
  }
  if (earlier.kind === 'virtual_key' && now?.kind === 'virtual_key') {
    return { ...earlier, secretDigests: now.secretDigests }
  }
  if (earlier.kind === 'provider_key' && now?.kind === 'provider_key') {
    return { ...earlier, credentialId: now.credentialId }
  }
  return earlier
}

function leaveKeysOfLostProviderKeys(plan: RestorationPlan, present: EarlierState['present']): void {
  for (const [key, entity] of plan.upserts) {
    if (entity.kind !== 'virtual_key') continue
    const named = entity.providerConfigs.flatMap(({ providerKeyIds }) => providerKeyIds)
    const lost = lostProviderKey(named, plan, present)
    if (lost === undefined) continue
    plan.upserts.delete(key)
    plan.unrestorable.set(key, `${nameOf(entity)} names the provider key ${lost}, which was removed`)
  }
}

/** A profile that cannot come back whole stays as it is, and so do the keys that followed it. */
function leaveProfilesOfLostProviderKeys(
  plan: RestorationPlan,
  present: EarlierState['present'],
  rows: EarlierState['rows'],
): void {
  for (const { table, image } of rows) {
    if (table !== 'profile_provider_configs' || !image) continue
    const lost = lostProviderKey(image.provider_key_ids as readonly string[], plan, present)
    if (lost === undefined) continue
    const profile = String(image.access_profile_id)
    const reason = `access profile ${profile} names the provider key ${lost}, which was removed`
    plan.unrestorable.set(`access_profile/${profile}`, reason)
  }
  for (const { table, id, image } of rows) {
    const profile = table === 'virtual_keys' ? image?.access_profile_id : undefined
    if (!plan.unrestorable.has(`access_profile/${profile}`)) continue
    plan.upserts.delete(`virtual_key/${id}`)
    plan.unrestorable.set(`virtual_key/${id}`, `virtual key ${id} followed the access profile ${profile}`)
  }
}

function lostProviderKey(
  providerKeyIds: readonly string[],
  { removals }: RestorationPlan,
  present: EarlierState['present'],
): string | undefined {
  return providerKeyIds.find(
    (id) => id !== '*' && (!present.has(`provider_key/${id}`) || removals.has(`provider_key/${id}`)),
  )
}

/** A budget or a limit whose owner does not come back governs nobody. */
function leavePoliciesOfNobody(plan: RestorationPlan, present: EarlierState['present']): void {
  const remaining = new Map(present)
  for (const key of plan.removals) remaining.delete(key)
  for (const [key, entity] of plan.upserts) remaining.set(key, entity)
  const owners = new Set<string>(remaining.keys())
  for (const entity of remaining.values()) {
    if (entity.kind !== 'virtual_key') continue
    for (const { id } of entity.providerConfigs) owners.add(`provider_config/${id}`)
  }
  for (const [key, entity] of plan.upserts) {
    if (entity.kind !== 'budget' && entity.kind !== 'request_limit') continue
    if (owners.has(`${entity.owner.kind}/${entity.owner.id}`)) continue
    plan.upserts.delete(key)
    plan.unrestorable.set(key, `${nameOf(entity)} belongs to ${entity.owner.id}, which is gone`)
  }
}
