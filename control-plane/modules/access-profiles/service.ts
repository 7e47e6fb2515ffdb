import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow } from '../../db/require-row.ts'
import { InUse, NameTaken } from '../../graphql/refusals.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { lockKeys, type ProviderConfigInput, recordKeys, VirtualKeyEntity } from '../virtual-keys/index.ts'
import { applyProfile } from './apply-profile.ts'
import { type AccessProfile, AccessProfileEntity } from './entity.ts'
import { listProfileConfigs, replaceProfileConfigs } from './provider-configs.ts'
import { type ProfileTermsInput, plainTerms, readTerms } from './terms.ts'

/** A change of a profile is one transaction and one revision, whatever follows it. */
export const mostFollowers = 1_000

/** Profiles belong to the organization, not to a workspace. */
const organizationWide = { workspaceId: null }

export interface NewProfile extends ProfileTermsInput {
  readonly name: string
  readonly providerConfigs: readonly ProviderConfigInput[]
}

export interface ProfileUpdate extends ProfileTermsInput, ExpectedVersion {
  readonly id: string
  readonly providerConfigs?: readonly ProviderConfigInput[] | null | undefined
}

/** @throws NotFound, NameTaken */
export function createAccessProfile(
  context: ServiceContext,
  actor: Actor,
  input: NewProfile,
): Promise<AccessProfile> {
  actor.require('access_profiles:create', organizationWide)
  const { organizationId } = actor
  const terms = readTerms(input, plainTerms)
  const work = transactionOf(context, actor, async (em) => {
    const createdAt = new Date(context.now())
    const row = { ...terms, id: newId('ap'), organizationId, createdAt }
    const profile = em.create(AccessProfileEntity, row)
    await em.flush()
    await replaceProfileConfigs(em, profile, input.providerConfigs)
    await recordChange(context, em, actor, await describe(em, 'access_profile.created', profile))
    return profile
  })
  return refuseViolations(nameTaken(terms.name), work)
}

/**
 * Changes a profile, and in the same revision every key that follows it.
 *
 * @throws NotFound, NameTaken, StaleUpdate
 */
export function updateAccessProfile(
  context: ServiceContext,
  actor: Actor,
  input: ProfileUpdate,
): Promise<AccessProfile> {
  actor.require('access_profiles:update', organizationWide)
  const now = new Date(context.now())
  // Sees the keys of all workspaces and owners: the profile is the organization's.
  const work = context.database.transaction(actor.organizationId, async (em) => {
    const profile = await lockRow(em, AccessProfileEntity, 'access profile', input.id, input)
    Object.assign(profile, readTerms(input, profile))
    await em.flush()
    if (input.providerConfigs) await replaceProfileConfigs(em, profile, input.providerConfigs)
    const following = { accessProfileId: profile.id, status: { $ne: 'revoked' } } as const
    const keys = await lockKeys(em, following, mostFollowers)
    const change = await applyProfile(em, profile, keys, now)
    await recordChange(context, em, actor, await describe(em, 'access_profile.updated', profile))
    await recordKeys(context, em, actor, keys, 'virtual_key.updated', change)
    return profile
  })
  return refuseViolations(nameTaken(input.name ?? ''), work)
}

/** @throws NotFound; InUse while a key that is not revoked follows it. */
export function deleteAccessProfile(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ id: string }> {
  actor.require('access_profiles:delete', organizationWide)
  return context.database.transaction(actor.organizationId, async (em) => {
    const profile = await lockRow(em, AccessProfileEntity, 'access profile', id)
    const following = { accessProfileId: id }
    if (await em.count(VirtualKeyEntity, { ...following, status: { $ne: 'revoked' } })) {
      throw new InUse('access profile', 'virtual keys that follow it')
    }
    const entry = await describe(em, 'access_profile.deleted', profile)
    await em.nativeUpdate(VirtualKeyEntity, following, { accessProfileId: null })
    em.remove(profile)
    await recordChange(context, em, actor, entry)
    return { id }
  })
}

const nameTaken = (name: string) => ({
  unique: { access_profiles_name_key: () => new NameTaken('access profile', name) },
})

async function describe(em: EntityManager, type: string, profile: AccessProfile) {
  const { id, organizationId: _organization, createdAt: _createdAt, version: _version, ...terms } = profile
  const configs = await listProfileConfigs(em, id)
  return {
    type,
    subject: { kind: 'access_profile', id },
    details: {
      ...terms,
      budgets: terms.budgets.map((budget) => ({ ...budget })),
      requestLimits: terms.requestLimits.map((limit) => ({ ...limit })),
      providerConfigs: configs.map(
        ({ providerId, weight, active, allowedModels, blockedModels, ...rest }) => ({
          ...{ providerId, weight, active, allowedModels, blockedModels },
          providerKeyIds: rest.providerKeyIds,
        }),
      ),
    },
  }
}
