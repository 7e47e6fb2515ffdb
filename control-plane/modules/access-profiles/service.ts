import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange, toldByRows } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow } from '../../db/require-row.ts'
import { InUse, NameTaken } from '../../graphql/refusals.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type ProviderConfigInput, VirtualKeyEntity } from '../virtual-keys/index.ts'
import { lockFollowers, updateFollowers } from './apply-profile.ts'
import { type AccessProfile, AccessProfileEntity } from './entity.ts'
import { requireNarrowScope } from './narrow-scope.ts'
import { listProfileConfigs, replaceProfileConfigs } from './provider-configs.ts'
import { type ProfileTermsInput, plainTerms, readTerms } from './terms.ts'

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

/** @throws NotFound, NameTaken, BadUserInput */
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
    requireNarrowScope(profile, await listProfileConfigs(em, profile.id))
    await recordChange(context, em, actor, await describe(em, 'access_profile.created', profile), toldByRows)
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
  // Sees the keys of all workspaces and owners: the profile is the organization's.
  const work = context.database.transaction(actor.organizationId, async (em) => {
    const profile = await lockRow(em, AccessProfileEntity, 'access profile', input.id, input)
    Object.assign(profile, readTerms(input, profile))
    await em.flush()
    if (input.providerConfigs) {
      await replaceProfileConfigs(em, profile, input.providerConfigs)
      await raiseVersion(em, profile)
    }
    requireNarrowScope(profile, await listProfileConfigs(em, profile.id))
    const followers = await lockFollowers(em, profile.id)
    const entry = await describe(em, 'access_profile.updated', profile)
    // The revision of its keys tells of the profile too.
    await recordChange(context, em, actor, entry, followers.length === 0 ? toldByRows : undefined)
    await updateFollowers(context, em, actor, profile, followers)
    return profile
  })
  return refuseViolations(nameTaken(input.name ?? ''), work)
}

/** @throws NotFound; InUse while a key that is not revoked follows it, or a role brings such keys along. */
export function deleteAccessProfile(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ id: string }> {
  actor.require('access_profiles:delete', organizationWide)
  const work = context.database.transaction(actor.organizationId, async (em) => {
    const profile = await lockRow(em, AccessProfileEntity, 'access profile', id)
    const following = { accessProfileId: id }
    if (await em.count(VirtualKeyEntity, { ...following, status: { $ne: 'revoked' } })) {
      throw new InUse('access profile', 'virtual keys that follow it')
    }
    const entry = await describe(em, 'access_profile.deleted', profile)
    await em.nativeUpdate(VirtualKeyEntity, following, { accessProfileId: null })
    em.remove(profile)
    await recordChange(context, em, actor, entry, toldByRows)
    return { id }
  })
  return refuseViolations({ referenced: () => new InUse('access profile', 'roles') }, work)
}

/** What a profile says of providers is in rows of its own, whose changes are the profile's. */
async function raiseVersion(em: EntityManager, profile: AccessProfile): Promise<void> {
  await em.execute('update access_profiles set version = version + 1 where org_id = ? and id = ?', [
    profile.organizationId,
    profile.id,
  ])
  await em.refresh(profile)
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
