import type { EntityManager } from '@mikro-orm/postgresql'
import type { Version } from '../../contract/configuration/documents.ts'
import { Entity, type EntityKey, keyOf } from '../../contract/configuration/entities.ts'
import { checkerOf } from '../../contract/validation.ts'
import { monotoneNumber } from '../db/monotone-number.ts'
import { withInferenceRoles } from './inference-roles.ts'

/** Who makes a change, as they are called at that time. */
export interface ChangeAuthor {
  readonly kind: string
  readonly id: string
  readonly name: string
}

export interface ConfigurationChange {
  readonly upserts: readonly Entity[]
  readonly removals?: readonly EntityKey[]
  /** Present when roles were changed: of whom it changed which they have, `[]` for nobody. See `inference-roles.ts`. */
  readonly holders?: readonly string[] | 'all'
}

/** What one revision changed, as `config_revisions.changes` holds it. */
export interface RecordedChange {
  readonly upserts: readonly Entity[]
  readonly removals: readonly EntityKey[]
}

/** The PostgreSQL channel on which a commit tells every control plane's publisher which organization changed. */
export const configurationChannel = 'gatehouse_config'

const checkEntity = checkerOf('configuration entity', Entity)

/**
 * Records what a mutation changes for the data planes, in the mutation's own transaction: takes the next
 * revision, stores the change for the publisher and brings the materialised documents up to date. The head's
 * row stays locked until the commit, so that the order of revisions is the order of commits.
 *
 * @returns the new revision.
 * @throws ContractViolation when an entity is not what data planes accept; nothing is changed then.
 */
export async function changeConfiguration(
  em: EntityManager,
  organizationId: string,
  change: ConfigurationChange,
  author?: ChangeAuthor,
): Promise<number> {
  const { epoch, revision } = await takeRevision(em, organizationId)
  const { upserts, removals = [] } = await withInferenceRoles(em, organizationId, change)
  for (const entity of upserts) checkEntity(entity)
  const recorded: RecordedChange = { upserts, removals }
  await em.execute(
    `insert into config_revisions (org_id, epoch, revision, changes, previous, actor_kind, actor_id, actor_name)
     values (?, ?, ?, ?::jsonb, ?::jsonb, ?, ?, ?) returning pg_notify(?, org_id)`,
    [
      ...[organizationId, epoch, revision, JSON.stringify(recorded)],
      JSON.stringify(await readPrevious(em, organizationId, recorded)),
      ...[author?.kind ?? null, author?.id ?? null, author?.name ?? null],
      configurationChannel,
    ],
  )
  await materialise(em, organizationId, recorded)
  await recordRevocations(em, organizationId, recorded)
  await recordEndedUsers(em, organizationId, recorded)
  return revision
}

/**
 * Begins a new lineage: this database was restored from a backup, and data planes may know what it does not.
 *
 * Its number has to be above every one that was ever published, which the backup does not know. Where the database's clock
 * was set back, the publisher finds a newer version in the store and begins once more, above that one.
 *
 * @param above what is known to have been published.
 * @param change what else is new in it
 */
export async function beginEpoch(
  em: EntityManager,
  organizationId: string,
  { above = 0, change = { upserts: [] } }: { readonly above?: number; readonly change?: ConfigurationChange },
): Promise<Version> {
  const [begun] = await em.execute<HeadRow[]>(
    `update config_heads set epoch = ${monotoneNumber('greatest(epoch, ?)')}
     where org_id = ? returning epoch, revision`,
    [above, organizationId],
  )
  const revision = await changeConfiguration(em, organizationId, change)
  return { epoch: Number(begun?.epoch), revision }
}

async function takeRevision(em: EntityManager, organizationId: string) {
  const next = 'update config_heads set revision = revision + 1 where org_id = ? returning epoch, revision'
  const [taken] = await em.execute<HeadRow[]>(next, [organizationId])
  if (taken) return { epoch: Number(taken.epoch), revision: Number(taken.revision) }
  const [created] = await em.execute<HeadRow[]>(
    `insert into config_heads as head (org_id, epoch, revision) values (?, 1, 1)
     on conflict (org_id) do update set revision = head.revision + 1 returning epoch, revision`,
    [organizationId],
  )
  if (!created) throw new Error(`no configuration head for ${organizationId}`)
  return { epoch: Number(created.epoch), revision: Number(created.revision) }
}

/** The documents that a change replaces or removes. The head is locked, so that they are those of the revision before. */
async function readPrevious(
  em: EntityManager,
  organizationId: string,
  { upserts, removals }: RecordedChange,
): Promise<Entity[]> {
  const keys = [...new Set([...upserts.map(keyOf), ...removals])]
  if (keys.length === 0) return []
  const rows = await em.execute<{ document: Entity }[]>(
    `select document from config_entities join jsonb_array_elements_text(?::jsonb) wanted (key)
       on (kind, id) = (split_part(key, '/', 1), substr(key, strpos(key, '/') + 1))
     where org_id = ? order by kind, id`,
    [JSON.stringify(keys), organizationId],
  )
  return rows.map(({ document }) => document)
}

async function materialise(em: EntityManager, organizationId: string, { upserts, removals }: RecordedChange) {
  if (upserts.length > 0) {
    // Of two documents for one entity in one change, the later one stands.
    const latest = new Map(upserts.map((entity) => [keyOf(entity), entity]))
    await em.execute(
      `insert into config_entities (org_id, kind, id, document)
       select ?, document->>'kind', document->>'id', document from jsonb_array_elements(?::jsonb) document
       on conflict (org_id, kind, id) do update set document = excluded.document`,
      [organizationId, JSON.stringify([...latest.values()])],
    )
  }
  if (removals.length > 0) {
    await em.execute(
      `delete from config_entities where org_id = ?
       and kind || '/' || id in (select jsonb_array_elements_text(?::jsonb))`,
      [organizationId, JSON.stringify(removals)],
    )
  }
}

/** Keys that stop working travel in the head too, for a data plane that cannot apply this revision. */
async function recordRevocations(
  em: EntityManager,
  organizationId: string,
  { upserts, removals }: RecordedChange,
) {
  const revoked = upserts.filter((entity) => entity.kind === 'virtual_key' && entity.status === 'revoked')
  const removed = removals.filter((key) => key.startsWith('virtual_key/'))
  const ids = [...revoked.map(({ id }) => id), ...removed.map((key) => key.slice('virtual_key/'.length))]
  if (ids.length === 0) return
  await em.execute(
    `insert into config_revocations (org_id, virtual_key_id)
     select ?, jsonb_array_elements_text(?::jsonb) on conflict do nothing`,
    [organizationId, JSON.stringify(ids)],
  )
}

/** So long a head names a user who was deactivated. */
const endedUserHours = 24

/** Likewise for users, who may come back. */
async function recordEndedUsers(
  em: EntityManager,
  organizationId: string,
  { upserts, removals }: RecordedChange,
) {
  const users = upserts.filter((entity) => entity.kind === 'user')
  const removed = removals.filter((key) => key.startsWith('user/')).map((key) => key.slice('user/'.length))
  const ended = [...users.filter(({ active }) => !active).map(({ id }) => id), ...removed]
  const active = users.filter((user) => user.active).map(({ id }) => id)
  if (active.length > 0) {
    await em.execute(
      'delete from ended_access where org_id = ? and id in (select jsonb_array_elements_text(?::jsonb))',
      [organizationId, JSON.stringify(active)],
    )
  }
  if (ended.length === 0) return
  await em.execute(
    `insert into ended_access (org_id, id, named_until)
     select ?, jsonb_array_elements_text(?::jsonb), now() + make_interval(hours => ?) on conflict do nothing`,
    [organizationId, JSON.stringify(ended), endedUserHours],
  )
}

interface HeadRow {
  readonly epoch: string | number
  readonly revision: string | number
}
