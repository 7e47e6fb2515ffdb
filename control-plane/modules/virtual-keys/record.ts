import type { EntityManager } from '@mikro-orm/postgresql'
import type { Entity, EntityKey } from '../../../contract/configuration/entities.ts'
import type { Permission } from '../../../contract/permissions.ts'
import type { Actor } from '../../actor.ts'
import { recordChanges } from '../../change.ts'
import { lockRow } from '../../db/require-row.ts'
import type { Clock } from '../../service-context.ts'
import { type VirtualKey, VirtualKeyEntity } from './entity.ts'
import { KeyRevoked } from './errors.ts'
import { ProviderConfigEntity } from './provider-config-entity.ts'
import { listDigests } from './secrets.ts'
import { ownerOf, virtualKeySnapshot } from './snapshot.ts'

/** @throws NotFound, Forbidden */
export async function lockKey(
  em: EntityManager,
  actor: Actor,
  permission: Permission,
  id: string,
): Promise<VirtualKey> {
  const key = await lockRow(em, VirtualKeyEntity, 'virtual key', id)
  actor.require(permission, key)
  return key
}

/** @throws NotFound, Forbidden, KeyRevoked */
export async function lockLiveKey(
  em: EntityManager,
  actor: Actor,
  permission: Permission,
  id: string,
): Promise<VirtualKey> {
  const key = await lockKey(em, actor, permission, id)
  if (key.status === 'revoked') throw new KeyRevoked(id)
  return key
}

/** What else data planes are told in the revision that changes keys. */
export interface AccompanyingChange {
  readonly upserts?: readonly Entity[]
  readonly removals?: readonly EntityKey[]
}

/** Completes a change of keys in its transaction: one audit event for each key, one revision for all of them. */
export async function recordKeys(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  keys: readonly VirtualKey[],
  type: string,
  { upserts = [], removals = [] }: AccompanyingChange = {},
): Promise<void> {
  if (keys.length === 0) return
  await em.flush()
  const ids = keys.map(({ id }) => id)
  const configs = await em.find(
    ProviderConfigEntity,
    { virtualKeyId: { $in: ids } },
    { orderBy: { id: 'asc' } },
  )
  const configsOf = Map.groupBy(configs, ({ virtualKeyId }) => virtualKeyId)
  const digests = await listDigests(em, ids)
  const documents = keys.map((key) =>
    virtualKeySnapshot(key, configsOf.get(key.id) ?? [], digests.get(key.id) ?? []),
  )
  const entries = keys.map((key, index) => ({
    type,
    subject: { kind: 'virtual_key', id: key.id },
    workspaceId: key.workspaceId,
    details: { ...detailsOf(key), providerConfigs: documents[index]?.providerConfigs ?? [] },
  }))
  await recordChanges(clock, em, actor, entries, { upserts: [...documents, ...upserts], removals })
}

export function detailsOf(key: VirtualKey) {
  const { name, status, description, tags, allowAllProviders, contentLogging, deleteAfterExpiry } = key
  const { requireFreshSeconds, maxConcurrentCalls, priority } = key
  const owner = ownerOf(key)
  return {
    ...{ name, status, description, tags, allowAllProviders, contentLogging, deleteAfterExpiry },
    requireFreshSeconds,
    maxConcurrentCalls,
    priority,
    ownerKind: owner.kind,
    ownerId: owner.id,
    expiresAt: key.expiresAt?.toISOString() ?? null,
    accessProfileId: key.accessProfileId,
  }
}
