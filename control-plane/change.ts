import { AsyncLocalStorage } from 'node:async_hooks'
import type { EntityManager } from '@mikro-orm/postgresql'
import { type EntityKey, keyOf } from '../contract/configuration/entities.ts'
import type { Actor } from './actor.ts'
import { guardAccess } from './modules/access-changes/guard.ts'
import { type AuditEntry, recordAudits } from './modules/audit/index.ts'
import { type ConfigurationChange, changeConfiguration } from './publisher/revision.ts'
import type { Clock } from './service-context.ts'

/** Of what no data plane is told, and yet is configuration: its rows say what the revision changed. */
export const toldByRows: ConfigurationChange = { upserts: [] }

/** The same of roles, which data planes hear of while these govern inference. */
export const toldOfRoles: ConfigurationChange = { upserts: [], holders: [] }

/**
 * Completes a mutation in its transaction: writes what was changed, its audit event and, when data planes are to
 * know, the configuration's next revision.
 */
export function recordChange(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  entry: AuditEntry,
  change?: ConfigurationChange,
): Promise<void> {
  return recordChanges(clock, em, actor, [entry], change)
}

/** Completes a mutation that changes several things at once: an audit event for each, one revision for all. */
export async function recordChanges(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  entries: readonly AuditEntry[],
  change?: ConfigurationChange,
): Promise<void> {
  await em.flush()
  const guarded: AuditEntry[] = []
  for (const entry of entries) guarded.push(await guardAccess(em, actor, entry))
  await recordAudits(em, actor, guarded, new Date(clock.now()))
  if (change) await changeOrGather(em, actor, change)
}

const gathering = new AsyncLocalStorage<ConfigurationChange[]>()

/**
 * Makes one revision of everything that the mutations called by `work` change in this transaction.
 *
 * @returns what `work` returned, and the new revision; undefined when nothing was changed that data planes know.
 */
export async function asOneRevision<T>(
  em: EntityManager,
  actor: Actor,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly revision: number | undefined }> {
  const changes: ConfigurationChange[] = []
  const result = await gathering.run(changes, work)
  if (changes.length === 0) return { result, revision: undefined }
  return { result, revision: await changeConfiguration(em, actor.organizationId, merged(changes), actor) }
}

async function changeOrGather(em: EntityManager, actor: Actor, change: ConfigurationChange): Promise<void> {
  const changes = gathering.getStore()
  if (changes) changes.push(change)
  else await changeConfiguration(em, actor.organizationId, change, actor)
}

/** Of several documents for one entity the last one stands, and none for what is removed in the end. */
function merged(changes: readonly ConfigurationChange[]): ConfigurationChange {
  const upserts = new Map<EntityKey, ConfigurationChange['upserts'][number]>()
  const removals = new Set<EntityKey>()
  const holders = changes.flatMap((change) => change.holders ?? [])
  for (const change of changes) {
    for (const key of change.removals ?? []) {
      upserts.delete(key)
      removals.add(key)
    }
    for (const entity of change.upserts) {
      removals.delete(keyOf(entity))
      upserts.set(keyOf(entity), entity)
    }
  }
  return {
    ...{ upserts: [...upserts.values()], removals: [...removals] },
    ...(changes.some((change) => change.holders) && {
      holders: changes.some((change) => change.holders === 'all') ? 'all' : holders,
    }),
  }
}
