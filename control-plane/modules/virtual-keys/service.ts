import type { EntityManager } from '@mikro-orm/postgresql'
import type { Permission } from '../../../contract/permissions.ts'
import type { Actor } from '../../actor.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { checkVersion, type ExpectedVersion } from '../../db/require-row.ts'
import { Forbidden } from '../../graphql/errors.ts'
import { checkName } from '../../input.ts'
import { type Clock, type ServiceContext, transactionOf } from '../../service-context.ts'
import { requireWorkspace } from '../workspaces/index.ts'
import { type VirtualKey, VirtualKeyEntity } from './entity.ts'
import { ProfileManaged, SecretTaken } from './errors.ts'
import { type KeyFieldsInput, plainFields, readKeyFields } from './fields.ts'
import { type OwnerInput, requireOwner } from './owner.ts'
import { type ProviderConfigInput, replaceProviderConfigs } from './provider-configs.ts'
import { lockKey, lockLiveKey, recordKeys } from './record.ts'
import { addDigest, checkImportedSecret, makeSecret } from './secrets.ts'

/** Where a key lives, what it is called and whom it is charged to. */
export interface KeyPlace {
  readonly workspaceId: string
  readonly name: string
  readonly owner: OwnerInput
}

export interface NewKey extends KeyPlace, KeyFieldsInput {
  readonly providerConfigs: readonly ProviderConfigInput[]
}

export interface KeyUpdate extends KeyFieldsInput, ExpectedVersion {
  readonly id: string
  readonly name?: string | null | undefined
  readonly active?: boolean | null | undefined
  readonly providerConfigs?: readonly ProviderConfigInput[] | null | undefined
}

/** A key with its secret, which nobody sees a second time. */
export interface IssuedKey {
  readonly virtualKey: VirtualKey
  readonly secret: string
  /** Data planes that were waited for in vain; none unless given. */
  readonly unconfirmed?: number
}

/** @throws NotFound */
export function issueVirtualKey(context: ServiceContext, actor: Actor, input: NewKey): Promise<IssuedKey> {
  const secret = makeSecret()
  const how = { permission: 'virtual_keys:create', type: 'virtual_key.issued', secret } as const
  return createKey(context, actor, input, how, (virtualKey) => ({ virtualKey, secret }))
}

/** @throws NotFound, SecretTaken */
export function importVirtualKey(
  context: ServiceContext,
  actor: Actor,
  input: NewKey & { readonly secret: string },
): Promise<VirtualKey> {
  const secret = checkImportedSecret(input.secret)
  const how = { permission: 'virtual_keys:import', type: 'virtual_key.imported', secret } as const
  const work = createKey(context, actor, input, how, (virtualKey) => virtualKey)
  return refuseViolations({ unique: { virtual_key_secrets_digest_key: () => new SecretTaken() } }, work)
}

/** @throws NotFound, KeyRevoked, ProfileManaged */
export function updateVirtualKey(
  context: ServiceContext,
  actor: Actor,
  input: KeyUpdate,
): Promise<VirtualKey> {
  return transactionOf(context, actor, async (em) => {
    const key = await lockLiveKey(em, actor, 'virtual_keys:update', input.id)
    checkVersion(key, 'virtual key', key.id, input.expectedVersion)
    refuseManaged(key, input)
    if (input.name != null) key.name = checkName('name', input.name)
    if (input.active != null) key.status = input.active ? 'active' : 'inactive'
    Object.assign(key, readKeyFields(input, key, context.now()))
    const { providerConfigs } = input
    const removals = providerConfigs ? await replaceProviderConfigs(em, key, providerConfigs) : []
    if (providerConfigs) await raiseVersion(em, key)
    await recordKeys(context, em, actor, [key], 'virtual_key.updated', { removals })
    return key
  })
}

/**
 * Ends a key for good; revoking it again changes nothing.
 *
 * @throws NotFound
 */
export function revokeVirtualKey(
  context: ServiceContext,
  actor: Actor,
  input: { readonly id: string },
): Promise<VirtualKey> {
  return transactionOf(context, actor, async (em) => {
    const key = await lockKey(em, actor, 'virtual_keys:revoke', input.id)
    await endKey(context, em, actor, key)
    return key
  })
}

/** Revokes a locked key in the caller's transaction. */
export async function endKey(clock: Clock, em: EntityManager, actor: Actor, key: VirtualKey): Promise<void> {
  if (key.status === 'revoked') return
  key.status = 'revoked'
  key.revokedAt = new Date(clock.now())
  await recordKeys(clock, em, actor, [key], 'virtual_key.revoked')
}

function createKey<T>(
  context: ServiceContext,
  actor: Actor,
  input: NewKey,
  how: { readonly permission: Permission; readonly type: string; readonly secret: string },
  answer: (virtualKey: VirtualKey) => T,
): Promise<T> {
  const name = checkName('name', input.name)
  const fields = readKeyFields(input, plainFields, context.now())
  return transactionOf(context, actor, async (em) => {
    const workspace = await requireWorkspace(em, actor, how.permission, input.workspaceId)
    const owner = await requireOwner(em, workspace.id, input.owner)
    const row = { ...fields, ...owner, name, workspaceId: workspace.id }
    const virtualKey = await insertKey(context, actor, em, { ...row, accessProfileId: null }, how.secret)
    await replaceProviderConfigs(em, virtualKey, input.providerConfigs)
    await recordKeys(context, em, actor, [virtualKey], how.type)
    return answer(virtualKey)
  })
}

export type NewKeyRow = Omit<
  VirtualKey,
  'id' | 'organizationId' | 'version' | 'status' | 'createdAt' | 'revokedAt' | 'rotatedAt' | 'rotation'
>

/** Writes a key and its secret's digest. */
export async function insertKey(
  context: ServiceContext,
  actor: Actor,
  em: EntityManager,
  row: NewKeyRow,
  secret: string,
): Promise<VirtualKey> {
  const virtualKey = em.create(VirtualKeyEntity, {
    ...row,
    id: newId('vk'),
    organizationId: actor.organizationId,
    status: 'active',
    createdAt: new Date(context.now()),
    revokedAt: null,
    rotatedAt: null,
    rotation: null,
  })
  const detail = 'Your role works with the virtual keys of your own user or team alone'
  const walled = () => new Forbidden('virtual_keys:create', detail)
  await refuseViolations({ walled }, em.flush())
  await addDigest(em, virtualKey, context.secrets.digestVirtualKey(secret))
  return virtualKey
}

/** What belongs to a key is in rows of its own, whose changes are the key's. */
async function raiseVersion(em: EntityManager, key: VirtualKey): Promise<void> {
  await em.flush()
  await em.execute('update virtual_keys set version = version + 1 where org_id = ? and id = ?', [
    key.organizationId,
    key.id,
  ])
  await em.refresh(key)
}

/** What an access profile decides cannot be decided for one of its keys. */
function refuseManaged(key: VirtualKey, input: KeyUpdate): void {
  if (key.accessProfileId === null) return
  const managed = {
    providerConfigs: input.providerConfigs,
    allowAllProviders: input.allowAllProviders,
    contentLogging: input.contentLogging,
    expiresIn: input.expiresIn,
    deleteAfterExpiry: input.deleteAfterExpiry,
  }
  const names = Object.entries(managed).flatMap(([name, value]) => (value == null ? [] : [`"${name}"`]))
  if (input.expiresAt !== undefined) names.push('"expiresAt"')
  if (names.length > 0) throw new ProfileManaged(names.join(', '))
}
