import type { EntityManager } from '@mikro-orm/postgresql'
import type { EntityKey } from '../../../contract/configuration/entities.ts'
import type { Permission } from '../../../contract/permissions.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { lockRow } from '../../db/require-row.ts'
import { checkFuture, checkInteger, checkName } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { requireWorkspace } from '../workspaces/index.ts'
import { type VirtualKey, VirtualKeyEntity } from './entity.ts'
import { KeyRevoked, SecretTaken } from './errors.ts'
import { type OwnerInput, requireOwner } from './owner.ts'
import { ProviderConfigEntity } from './provider-config-entity.ts'
import { type ProviderConfigInput, replaceProviderConfigs } from './provider-configs.ts'
import {
  addDigest,
  checkImportedSecret,
  listDigests,
  makeSecret,
  removeDigests,
  retireDigests,
} from './secrets.ts'
import { ownerOf, virtualKeySnapshot } from './snapshot.ts'

export interface NewKey {
  readonly workspaceId: string
  readonly name: string
  readonly owner: OwnerInput
  readonly providerConfigs: readonly ProviderConfigInput[]
  readonly expiresAt?: Date | null | undefined
}

export interface KeyUpdate {
  readonly id: string
  readonly name?: string | null | undefined
  readonly active?: boolean | null | undefined
  /** Null: it never expires. */
  readonly expiresAt?: Date | null | undefined
  readonly providerConfigs?: readonly ProviderConfigInput[] | null | undefined
}

/** A key with its secret, which nobody sees a second time. */
export interface IssuedKey {
  readonly virtualKey: VirtualKey
  readonly secret: string
}

const longestOverlapSeconds = 86_400

/** @throws NotFound */
export function issueVirtualKey(context: ServiceContext, actor: Actor, input: NewKey): Promise<IssuedKey> {
  return createKey(context, actor, input, {
    permission: 'virtual_keys:create',
    type: 'virtual_key.issued',
    secret: makeSecret(),
  })
}

/** @throws NotFound, SecretTaken */
export function importVirtualKey(
  context: ServiceContext,
  actor: Actor,
  input: NewKey & { readonly secret: string },
): Promise<VirtualKey> {
  const secret = checkImportedSecret(input.secret)
  const how = { permission: 'virtual_keys:import', type: 'virtual_key.imported', secret } as const
  return createKey(context, actor, input, how).then(({ virtualKey }) => virtualKey)
}

/** @throws NotFound, KeyRevoked */
export function updateVirtualKey(
  context: ServiceContext,
  actor: Actor,
  input: KeyUpdate,
): Promise<VirtualKey> {
  return transactionOf(context, actor, async (em) => {
    const key = await requireLiveKey(em, actor, 'virtual_keys:update', input.id)
    if (input.name != null) key.name = checkName('name', input.name)
    if (input.active != null) key.status = input.active ? 'active' : 'inactive'
    if (input.expiresAt !== undefined) key.expiresAt = checkExpiry(context, input.expiresAt)
    const replaced = input.providerConfigs && (await replaceProviderConfigs(em, key, input.providerConfigs))
    await record(context, em, actor, key, 'virtual_key.updated', replaced?.removals)
    return key
  })
}

/**
 * Gives a key a new secret. The old one works for `overlapSeconds` more.
 *
 * @throws NotFound, KeyRevoked
 */
export function rotateVirtualKey(
  context: ServiceContext,
  actor: Actor,
  input: { readonly id: string; readonly overlapSeconds: number },
): Promise<IssuedKey> {
  const bounds = { minimum: 0, maximum: longestOverlapSeconds }
  const overlapSeconds = checkInteger('overlapSeconds', input.overlapSeconds, bounds)
  const secret = makeSecret()
  return transactionOf(context, actor, async (em) => {
    const virtualKey = await requireLiveKey(em, actor, 'virtual_keys:rotate', input.id)
    if (overlapSeconds === 0) await removeDigests(em, virtualKey.id)
    else await retireDigests(em, virtualKey.id, new Date(context.now() + overlapSeconds * 1000))
    await addDigest(em, virtualKey, context.secrets.digestVirtualKey(secret))
    await record(context, em, actor, virtualKey, 'virtual_key.rotated')
    return { virtualKey, secret }
  })
}

/**
 * Ends a key for good; revoking it again changes nothing.
 *
 * @throws NotFound
 */
export function revokeVirtualKey(context: ServiceContext, actor: Actor, id: string): Promise<VirtualKey> {
  return transactionOf(context, actor, async (em) => {
    const key = await requireKey(em, actor, 'virtual_keys:revoke', id)
    if (key.status === 'revoked') return key
    key.status = 'revoked'
    key.revokedAt = new Date(context.now())
    await record(context, em, actor, key, 'virtual_key.revoked')
    return key
  })
}

function createKey(
  context: ServiceContext,
  actor: Actor,
  input: NewKey,
  how: { readonly permission: Permission; readonly type: string; readonly secret: string },
): Promise<IssuedKey> {
  const name = checkName('name', input.name)
  const expiresAt = checkExpiry(context, input.expiresAt ?? null)
  const work = transactionOf(context, actor, async (em) => {
    const workspace = await requireWorkspace(em, actor, how.permission, input.workspaceId)
    const virtualKey = em.create(VirtualKeyEntity, {
      id: newId('vk'),
      organizationId: actor.organizationId,
      workspaceId: workspace.id,
      name,
      ...(await requireOwner(em, workspace.id, input.owner)),
      status: 'active',
      expiresAt,
      createdAt: new Date(context.now()),
      revokedAt: null,
    })
    await em.flush()
    await addDigest(em, virtualKey, context.secrets.digestVirtualKey(how.secret))
    await replaceProviderConfigs(em, virtualKey, input.providerConfigs)
    await record(context, em, actor, virtualKey, how.type)
    return { virtualKey, secret: how.secret }
  })
  return refuseViolations({ unique: { virtual_key_secrets_digest_key: () => new SecretTaken() } }, work)
}

function checkExpiry(context: ServiceContext, expiresAt: Date | null): Date | null {
  return expiresAt && checkFuture('expiresAt', expiresAt, context.now())
}

async function requireKey(em: EntityManager, actor: Actor, permission: Permission, id: string) {
  const key = await lockRow(em, VirtualKeyEntity, 'virtual key', id)
  actor.require(permission, key)
  return key
}

async function requireLiveKey(em: EntityManager, actor: Actor, permission: Permission, id: string) {
  const key = await requireKey(em, actor, permission, id)
  if (key.status === 'revoked') throw new KeyRevoked(id)
  return key
}

async function record(
  context: ServiceContext,
  em: EntityManager,
  actor: Actor,
  key: VirtualKey,
  type: string,
  removals: readonly EntityKey[] = [],
): Promise<void> {
  await em.flush()
  const configs = await em.find(ProviderConfigEntity, { virtualKeyId: key.id }, { orderBy: { id: 'asc' } })
  const document = virtualKeySnapshot(key, configs, await listDigests(em, key.id))
  const owner = ownerOf(key)
  const details = {
    name: key.name,
    status: key.status,
    ownerKind: owner.kind,
    ownerId: owner.id,
    expiresAt: key.expiresAt?.toISOString() ?? null,
    providerConfigs: document.providerConfigs,
  }
  const subject = { kind: 'virtual_key', id: key.id }
  const entry = { type, subject, workspaceId: key.workspaceId, details }
  await recordChange(context, em, actor, entry, { upserts: [document], removals })
}
