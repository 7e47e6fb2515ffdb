import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { checkName } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { releaseProfileBudgets } from '../budgets/index.ts'
import { releaseProfileLimits } from '../limits/index.ts'
import {
  expiryAfter,
  type IssuedKey,
  insertKey,
  type KeyPlace,
  lockKeys,
  lockLiveKey,
  makeSecret,
  plainFields,
  readKeyFields,
  recordKeys,
  requireOwner,
  type VirtualKey,
  VirtualKeyEntity,
} from '../virtual-keys/index.ts'
import { requireWorkspace } from '../workspaces/index.ts'
import { applyProfile, mostFollowers } from './apply-profile.ts'
import { type AccessProfile, AccessProfileEntity } from './entity.ts'

export interface NewFollower extends KeyPlace {
  readonly accessProfileId: string
  readonly description?: string | null | undefined
  readonly tags?: readonly string[] | null | undefined
}

/**
 * Issues a key that follows a profile from the start, with budgets and limits of its own.
 *
 * @throws NotFound
 */
export function issueVirtualKeyFromProfile(
  context: ServiceContext,
  actor: Actor,
  input: NewFollower,
): Promise<IssuedKey> {
  return transactionOf(context, actor, (em) => issueFollower(context, actor, em, input))
}

/**
 * The same in the caller's transaction.
 *
 * @param endsAt when the key ends at the latest, whatever its profile says; null: never.
 * @throws NotFound, Forbidden
 */
export async function issueFollower(
  context: ServiceContext,
  actor: Actor,
  em: EntityManager,
  input: NewFollower,
  endsAt: Date | null = null,
): Promise<IssuedKey> {
  const name = checkName('name', input.name)
  const { description, tags } = input
  const labels = readKeyFields({ description, tags }, plainFields, context.now())
  const workspace = await requireWorkspace(em, actor, 'virtual_keys:create', input.workspaceId)
  const profile = await shareRoom(em, input.accessProfileId)
  const owner = await requireOwner(em, workspace.id, input.owner)
  const place = { ...owner, name, workspaceId: workspace.id, accessProfileId: profile.id }
  const secret = makeSecret()
  const expiresAt = earlier(expiryOf(context, profile), endsAt)
  const virtualKey = await insertKey(context, actor, em, { ...labels, ...place, expiresAt }, secret)
  const change = await applyProfile(em, profile, [virtualKey], new Date(context.now()))
  await recordKeys(context, em, actor, [virtualKey], 'virtual_key.issued', change)
  return { virtualKey, secret }
}

/**
 * Lets the life of a key begin anew: as long as its profile says, and until `endsAt` at the latest. A key that left
 * its profile or was revoked stays as it is.
 *
 * @throws Forbidden when a key would live longer and the actor may not change it.
 */
export async function renewFollower(
  context: ServiceContext,
  actor: Actor,
  em: EntityManager,
  virtualKeyId: string,
  endsAt: Date | null,
): Promise<void> {
  const [key] = await lockKeys(em, { id: virtualKeyId, status: { $ne: 'revoked' } }, 1)
  if (!key || key.accessProfileId === null) return
  const profile = await shareProfile(em, key.accessProfileId)
  const expiresAt = earlier(expiryOf(context, profile), endsAt)
  if (earlier(expiresAt, key.expiresAt) !== expiresAt) actor.require('virtual_keys:update', key)
  key.expiresAt = expiresAt
  const change = await applyProfile(em, profile, [key], new Date(context.now()))
  await recordKeys(context, em, actor, [key], 'virtual_key.updated', change)
}

/**
 * Lets a key follow a profile from now on, which replaces its providers. Budgets and limits of other periods and
 * windows than the profile's stay its own.
 *
 * @throws NotFound, KeyRevoked
 */
export function followAccessProfile(
  context: ServiceContext,
  actor: Actor,
  input: { readonly virtualKeyId: string; readonly accessProfileId: string },
): Promise<VirtualKey> {
  return transactionOf(context, actor, async (em) => {
    const profile = await shareRoom(em, input.accessProfileId)
    const key = await lockLiveKey(em, actor, 'virtual_keys:update', input.virtualKeyId)
    if (key.accessProfileId !== null) requireRelease(actor, key)
    key.accessProfileId = profile.id
    key.expiresAt = expiryOf(context, profile)
    const change = await applyProfile(em, profile, [key], new Date(context.now()))
    await recordKeys(context, em, actor, [key], 'virtual_key.updated', change)
    return key
  })
}

/**
 * Lets a key leave its profile with all that the profile gave it.
 *
 * @throws NotFound, KeyRevoked
 */
export function leaveAccessProfile(
  context: ServiceContext,
  actor: Actor,
  input: { readonly virtualKeyId: string },
): Promise<VirtualKey> {
  return transactionOf(context, actor, async (em) => {
    const key = await lockLiveKey(em, actor, 'virtual_keys:update', input.virtualKeyId)
    if (key.accessProfileId === null) return key
    requireRelease(actor, key)
    key.accessProfileId = null
    await releaseProfileBudgets(em, key.id)
    await releaseProfileLimits(em, key.id)
    await recordKeys(context, em, actor, [key], 'virtual_key.updated')
    return key
  })
}

/** A profile that whoever may change keys could leave would bind nobody. */
function requireRelease(actor: Actor, key: VirtualKey): void {
  actor.require('access_profiles:update', key)
}

/** Holds a share lock, so that a change of the profile waits and then finds the key among its followers. */
async function shareProfile(em: EntityManager, id: string): Promise<AccessProfile> {
  const lockMode = LockMode.PESSIMISTIC_READ
  const profile = await em.findOne(AccessProfileEntity, { id }, { lockMode })
  if (!profile) throw new NotFound('access profile', id)
  return profile
}

/** Room for one more key. */
async function shareRoom(em: EntityManager, id: string): Promise<AccessProfile> {
  const profile = await shareProfile(em, id)
  if ((await em.count(VirtualKeyEntity, { accessProfileId: id })) >= mostFollowers) {
    throw new BadUserInput('accessProfileId', `has ${mostFollowers} keys already: make another profile`)
  }
  return profile
}

/** Null is never. */
function earlier(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other
  return one <= other ? one : other
}

function expiryOf(context: ServiceContext, { expiresIn }: AccessProfile): Date | null {
  return expiresIn && expiryAfter(expiresIn, context.now())
}
