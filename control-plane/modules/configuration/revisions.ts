import type { EntityManager } from '@mikro-orm/postgresql'
import type { Entity } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { BadUserInput, Forbidden } from '../../graphql/errors.ts'
import type { ChangeAuthor, RecordedChange } from '../../publisher/revision.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { diffOf, type EntityChange } from './diff.ts'
import { findOldestRevision } from './kept-history.ts'
import { cursorOf, isBefore, type RevisionName } from './revision-name.ts'
import { readRowChanges } from './told-rows.ts'

export interface ConfigurationRevision extends RevisionName {
  readonly hash: string | null
  readonly at: Date
  /** Null for what Gatehouse did by itself. */
  readonly author: ChangeAuthor | null
}

/** A revision tells of all workspaces and everybody's rows. @throws Forbidden */
export function requireWholeConfiguration(
  actor: Actor,
  permission: 'configuration:view' | 'configuration:roll_back',
): void {
  actor.require(permission, { workspaceId: null })
  if (actor.rowScope !== 'all') throw new Forbidden(permission, 'Your role sees its own rows alone')
}

export interface RevisionBounds {
  readonly newerThan?: RevisionName | undefined
  readonly olderThan?: RevisionName | undefined
  readonly limit: number
  readonly isNewestFirst: boolean
}

const columns = `epoch, revision, hash, created_at as at, actor_kind as "authorKind", actor_id as "authorId",
  actor_name as "authorName"`

export function listRevisions(
  context: ServiceContext,
  actor: Actor,
  { newerThan, olderThan, limit, isNewestFirst }: RevisionBounds,
): Promise<ConfigurationRevision[]> {
  requireWholeConfiguration(actor, 'configuration:view')
  const order = isNewestFirst ? 'desc' : 'asc'
  const bounds = [
    ...(newerThan ? [{ sql: '(epoch, revision) > (?, ?)', name: newerThan }] : []),
    ...(olderThan ? [{ sql: '(epoch, revision) < (?, ?)', name: olderThan }] : []),
  ]
  return transactionOf(context, actor, async (em) => {
    const rows = await em.execute<RevisionRow[]>(
      `select ${columns} from config_revisions
       where ${['org_id = ?', ...bounds.map(({ sql }) => sql)].join(' and ')}
       order by epoch ${order}, revision ${order} limit ?`,
      [actor.organizationId, ...bounds.flatMap(({ name }) => [name.epoch, name.revision]), limit],
    )
    return rows.map(revisionOf)
  })
}

export function countRevisions(context: ServiceContext, actor: Actor): Promise<number> {
  return transactionOf(context, actor, async (em) => {
    const [row] = await em.execute<{ count: string }[]>(
      'select count(*) from config_revisions where org_id = ?',
      [actor.organizationId],
    )
    return Number(row?.count ?? 0)
  })
}

/**
 * @returns null when there is none of this name.
 * @throws BadUserInput when there was one, and is not kept any more.
 */
export function readRevision(
  context: ServiceContext,
  actor: Actor,
  name: RevisionName,
): Promise<ConfigurationRevision | null> {
  requireWholeConfiguration(actor, 'configuration:view')
  return transactionOf(context, actor, async (em) => {
    const found = await findRevision(em, actor.organizationId, name)
    if (!found) await refuseForgotten(em, actor.organizationId, name)
    return found
  })
}

export async function findRevision(
  em: EntityManager,
  organizationId: string,
  { epoch, revision }: RevisionName,
): Promise<ConfigurationRevision | null> {
  const [row] = await em.execute<RevisionRow[]>(
    `select ${columns} from config_revisions where org_id = ? and epoch = ? and revision = ?`,
    [organizationId, epoch, revision],
  )
  return row ? revisionOf(row) : null
}

async function refuseForgotten(em: EntityManager, organizationId: string, name: RevisionName): Promise<void> {
  const oldest = await findOldestRevision(em, organizationId)
  if (!oldest || name.epoch < 1 || name.revision < 1 || !isBefore(name, oldest)) return
  throw new BadUserInput(
    'revision',
    `is not kept any more: the history begins with epoch ${oldest.epoch}, revision ${oldest.revision} (CONFIGURATION_HISTORY_DAYS)`,
  )
}

/** What each of these revisions changed, in their order. */
export function readRevisionChanges(
  context: ServiceContext,
  actor: Actor,
  names: readonly RevisionName[],
): Promise<EntityChange[][]> {
  requireWholeConfiguration(actor, 'configuration:view')
  return transactionOf(context, actor, (em) => findRevisionChanges(em, actor.organizationId, names))
}

export async function findRevisionChanges(
  em: EntityManager,
  organizationId: string,
  names: readonly RevisionName[],
): Promise<EntityChange[][]> {
  const rows = await em.execute<(RevisionRow & { changes: RecordedChange; previous: Entity[] })[]>(
    `select ${columns}, changes, previous from config_revisions
     join jsonb_to_recordset(?::jsonb) as wanted (epoch integer, revision bigint) using (epoch, revision)
     where org_id = ?`,
    [JSON.stringify(names), organizationId],
  )
  const diffs = new Map(
    rows.map((row) => [cursorOf(revisionOf(row)), diffOf(row.changes, row.previous)] as const),
  )
  for (const name of names) if (!diffs.has(cursorOf(name))) await refuseForgotten(em, organizationId, name)
  const rowChanges = await readRowChanges(em, organizationId, names)
  return names.map(cursorOf).map((name) => [...(rowChanges.get(name) ?? []), ...(diffs.get(name) ?? [])])
}

interface RevisionRow {
  readonly epoch: number | string
  readonly revision: number | string
  readonly hash: string | null
  readonly at: Date | string
  readonly authorKind: string | null
  readonly authorId: string | null
  readonly authorName: string | null
}

function revisionOf({ authorKind, authorId, authorName, ...row }: RevisionRow): ConfigurationRevision {
  const isKnown = authorKind !== null && authorId !== null && authorName !== null
  return {
    epoch: Number(row.epoch),
    revision: Number(row.revision),
    hash: row.hash,
    at: new Date(row.at),
    author: isKnown ? { kind: authorKind, id: authorId, name: authorName } : null,
  }
}
