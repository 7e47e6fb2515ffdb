import type { EntityManager } from '@mikro-orm/postgresql'
import type { Json } from '../../contract/canonical.ts'
import { AccessProfileEntity, ProfileProviderConfigEntity } from '../modules/access-profiles/entity.ts'
import { usualWindowTerms } from '../modules/budgets/window-terms.ts'
import { RoleAssignmentEntity, RoleEntity } from '../modules/roles/entity.ts'
import { isCustomized, ownPermissions } from '../modules/roles/graph.ts'
import type { ProviderConfigColumns } from '../modules/virtual-keys/provider-configs.ts'
import { modeMember, normalWindow, windowMember } from './budget-windows.ts'
import type { ItemName, PresentItem } from './items.ts'
import { inNormalOrder, withoutNull } from './normal-forms.ts'
import { limitFieldsOf } from './request-limits.ts'
import { usdOfNanoUsd } from './usd.ts'

type Names = ReadonlyMap<string, ItemName>
const oldestFirst = { orderBy: { id: 'asc' } } as const

/** The access profiles, and the roles that may name them. */
export async function readPresentRoles(em: EntityManager, names: Names): Promise<PresentItem[]> {
  const profiles = await readProfiles(em, names)
  const profileNames = new Map(profiles.map(({ id, name }) => [id, name]))
  return [...profiles, ...(await readRoles(em, names, profileNames))]
}

/** The keys that came with a role and go with it. */
export async function readRoleKeys(em: EntityManager): Promise<ReadonlySet<string>> {
  const assignments = await em.find(RoleAssignmentEntity, { virtualKeyId: { $ne: null } })
  return new Set(assignments.flatMap(({ virtualKeyId }) => virtualKeyId ?? []))
}

export function providersOf(
  configs: readonly (ProviderConfigColumns & { readonly providerId: string })[],
  names: Names,
): Json {
  const nameOf = (id: string) => names.get(id)?.at(-1) ?? id
  return configs
    .map(({ providerId, weight, allowedModels, blockedModels, providerKeyIds, active }) => ({
      provider: nameOf(providerId),
      weight,
      models: allowedModels,
      blockedModels,
      keys: providerKeyIds.map((id) => (id === '*' ? '*' : nameOf(id))),
      active,
    }))
    .toSorted((a, b) => (a.provider < b.provider ? -1 : 1))
}

async function readProfiles(em: EntityManager, names: Names): Promise<PresentItem[]> {
  const configs = await em.find(ProfileProviderConfigEntity, {}, oldestFirst)
  const configsOf = Map.groupBy(configs, ({ accessProfileId }) => accessProfileId)
  const profiles = await em.find(AccessProfileEntity, {}, oldestFirst)
  return profiles.map((profile) => ({
    kind: 'access_profile',
    id: profile.id,
    name: [profile.name],
    fields: {
      description: profile.description,
      purpose: profile.purpose.toUpperCase(),
      allowAllProviders: profile.allowAllProviders,
      contentLogging: profile.contentLogging.toUpperCase(),
      expiresIn: profile.expiresIn,
      deleteAfterExpiry: profile.deleteAfterExpiry,
      providers: providersOf(configsOf.get(profile.id) ?? [], names),
      budgets: inNormalOrder(
        profile.budgets.map(({ limitNanoUsd, period, mode, ...window }) => ({
          limitUsd: usdOfNanoUsd(BigInt(limitNanoUsd)),
          period,
          ...windowMember(normalWindow({ ...usualWindowTerms, ...window })),
          ...modeMember(mode),
        })),
      ),
      requestLimits: inNormalOrder(
        profile.requestLimits.map(({ windowSeconds, ...limit }) => ({
          ...withoutNull(limitFieldsOf(limit)),
          windowSeconds,
        })),
      ),
    },
  }))
}

async function readRoles(em: EntityManager, names: Names, profiles: Names): Promise<PresentItem[]> {
  const roles = await em.find(RoleEntity, {}, oldestFirst)
  const roleNames = new Map(roles.map(({ id, name }) => [id, [name]]))
  // A workspace that a role names may be gone.
  const sorted = (ids: readonly string[], known: Names) =>
    ids.flatMap((id) => known.get(id)?.at(-1) ?? []).toSorted()
  return roles.map((role) => ({
    kind: 'role',
    id: role.id,
    name: [role.name],
    // One that is as the release says needs no word.
    ...(role.system && (isCustomized(role) ? { isPermanent: true } : { managedBy: null })),
    fields: {
      permissions: [...ownPermissions(role)].sort(),
      ...(!role.system && {
        description: role.description,
        inherits: sorted(role.inheritedRoleIds, roleNames),
        workspaces: role.workspaceIds && sorted(role.workspaceIds, names),
        rowScope: role.rowScope.toUpperCase(),
        accessProfile: profiles.get(role.accessProfileId ?? '')?.at(-1) ?? null,
      }),
    },
  }))
}
