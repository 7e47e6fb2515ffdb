import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { EntityKey } from '../../../contract/configuration/entities.ts'
import { type Actor, systemActor } from '../../actor.ts'
import type { BackgroundDependencies, BackgroundWork } from '../../background/dependencies.ts'
import { startLoop } from '../../background/loop.ts'
import { recordChanges } from '../../change.ts'
import type { Database } from '../../db/database.ts'
import { deleteOwnedPolicies } from '../../owned-policies.ts'
import { type Clock, type ServiceContext, transactionOf } from '../../service-context.ts'
import { type VirtualKey, VirtualKeyEntity } from './entity.ts'
import { ProviderConfigEntity } from './provider-config-entity.ts'
import { detailsOf, lockKey } from './record.ts'
import { removeDigests } from './secrets.ts'

const sweepIntervalMs = 30_000
/** Of one transaction, which is one revision. */
const mostDeletedAtOnce = 100

/**
 * Deletes a key, which ends it. What it spent stays in the usage records.
 *
 * @throws NotFound
 */
export function deleteVirtualKey(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ readonly id: string }> {
  return transactionOf(context, actor, async (em) => {
    const key = await lockKey(em, actor, 'virtual_keys:revoke', id)
    await deleteKeys(context, em, actor, [key], 'virtual_key.deleted')
    return { id }
  })
}

/** Deletes keys that have expired and were to be deleted then, for as long as it runs. */
export function startKeySweep({ database, log, now }: BackgroundDependencies): BackgroundWork {
  return startLoop({
    name: 'expired virtual keys',
    log: log.child({ loop: 'virtual keys' }),
    pauseMs: sweepIntervalMs,
    step: async () => {
      for (const organizationId of await database.organizationIds()) {
        let deleted = mostDeletedAtOnce
        while (deleted === mostDeletedAtOnce)
          deleted = await deleteExpiredKeys(database, organizationId, now())
      }
    },
  })
}

/**
 * Deletes a batch of expired keys. Those that a mutation or another control plane holds are left for the next time.
 *
 * @param now Milliseconds since the epoch.
 * @returns how many it deleted.
 */
export function deleteExpiredKeys(database: Database, organizationId: string, now: number): Promise<number> {
  return database.transaction(organizationId, async (em) => {
    const keys = await em.find(
      VirtualKeyEntity,
      { deleteAfterExpiry: true, expiresAt: { $lte: new Date(now) } },
      { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE, limit: mostDeletedAtOnce, orderBy: { id: 'asc' } },
    )
    await deleteKeys({ now: () => now }, em, systemActor(organizationId), keys, 'virtual_key.expired')
    return keys.length
  })
}

async function deleteKeys(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  keys: readonly VirtualKey[],
  type: string,
): Promise<void> {
  if (keys.length === 0) return
  const ids = keys.map(({ id }) => id)
  const ofKeys = { virtualKeyId: { $in: ids } }
  const configs = await em.find(ProviderConfigEntity, ofKeys)
  const policies = await deleteOwnedPolicies(em, actor.organizationId, [
    ...ids.map((id) => ({ kind: 'virtual_key', id }) as const),
    ...configs.map(({ id }) => ({ kind: 'provider_config', id }) as const),
  ])
  for (const id of ids) await removeDigests(em, id)
  await em.nativeDelete(ProviderConfigEntity, ofKeys)
  await em.nativeDelete(VirtualKeyEntity, { id: { $in: ids } })
  const entries = keys.map((key) => ({
    type,
    subject: { kind: 'virtual_key', id: key.id },
    workspaceId: key.workspaceId,
    details: detailsOf(key),
  }))
  const removals = [...policies, ...ids.map((id): EntityKey => `virtual_key/${id}`)]
  await recordChanges(clock, em, actor, entries, { upserts: [], removals })
}
