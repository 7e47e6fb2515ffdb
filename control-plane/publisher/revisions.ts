import type { EntityManager } from '@mikro-orm/postgresql'
import type { Version } from '../../contract/configuration/documents.ts'
import type { Entity } from '../../contract/configuration/entities.ts'
import type { RecordedChange } from './revision.ts'

/** What the event loop can take in one turn. */
const entitiesAtOnce = 500

export interface RecordedRevision {
  readonly revision: number
  readonly changes: RecordedChange
  /** Null until a publisher has computed it. */
  readonly hash: string | null
}

/** The newest committed version of each organization. */
export async function readVersions(em: EntityManager): Promise<ReadonlyMap<string, Version>> {
  const rows = await em.execute<(VersionRow & { org_id: string })[]>(
    'select org_id, epoch, revision from config_heads',
  )
  return new Map(rows.map((row) => [row.org_id, versionOf(row)]))
}

/** The newest version of one organization and its hash, which may not be computed yet. */
export async function readVersion(
  em: EntityManager,
  organizationId: string,
): Promise<(Version & { readonly hash: string | null }) | undefined> {
  const [row] = await em.execute<(VersionRow & { hash: string | null })[]>(
    `select epoch, revision, hash from config_heads left join config_revisions using (org_id, epoch, revision)
     where org_id = ?`,
    [organizationId],
  )
  return row && { ...versionOf(row), hash: row.hash }
}

/**
 * Every entity, some hundred at a time, and the version that they make up together: one statement, so that all are of one
 * moment. Nothing when the organization has no configuration yet.
 */
export async function* readConfiguration(
  em: EntityManager,
  organizationId: string,
): AsyncGenerator<Version & { readonly entities: Entity[] }> {
  await em.execute(
    `declare configuration no scroll cursor for select head.epoch, head.revision, entity.document
     from config_heads head left join config_entities entity using (org_id) where head.org_id = ?`,
    [organizationId],
  )
  for (;;) {
    const rows = await em.execute<(VersionRow & { document: Entity | null })[]>(
      `fetch ${entitiesAtOnce} from configuration`,
    )
    const [first] = rows
    if (!first) break
    yield { ...versionOf(first), entities: rows.flatMap(({ document }) => document ?? []) }
  }
  await em.execute('close configuration')
}

/** The revisions of `epoch` after one, in order. */
export async function readRevisionsAfter(
  em: EntityManager,
  organizationId: string,
  { epoch, revision }: Version,
  most: number,
): Promise<RecordedRevision[]> {
  const rows = await em.execute<{ revision: string; changes: RecordedChange; hash: string | null }[]>(
    `select revision, changes, hash from config_revisions
     where org_id = ? and epoch = ? and revision > ? order by revision limit ?`,
    [organizationId, epoch, revision, most],
  )
  return rows.map((row) => ({ ...row, revision: Number(row.revision) }))
}

export interface RevisionIdentity {
  /** Two revisions of one number, of which one was lost with its database, differ in it. */
  readonly committedAt: string
  readonly hash: string | null
}

/** A revision with what tells it from another of its number. */
export interface IdentifiedRevision extends RecordedRevision, RevisionIdentity {}

/** Which revision has this number; undefined when there is none (any more). */
export async function readRevisionIdentity(
  em: EntityManager,
  organizationId: string,
  { epoch, revision }: Version,
): Promise<RevisionIdentity | undefined> {
  const [row] = await em.execute<RevisionIdentity[]>(
    `select created_at::text as "committedAt", hash from config_revisions
     where org_id = ? and epoch = ? and revision = ?`,
    [organizationId, epoch, revision],
  )
  return row
}

/**
 * The revision with this number, and those after it in order: one statement, so that all are of one moment. Undefined when
 * there is none (any more), or the organization has gone on to another epoch.
 */
export async function readRevisionsFrom(
  em: EntityManager,
  organizationId: string,
  { epoch, revision }: Version,
  mostAfter: number,
): Promise<{ first: RevisionIdentity; later: IdentifiedRevision[] } | undefined> {
  const rows = await em.execute<RevisionRow[]>(
    `select noted.revision, case when noted.revision > ? then noted.changes end as changes,
       noted.hash, noted.created_at::text as "committedAt"
     from config_heads join config_revisions noted using (org_id, epoch)
     where org_id = ? and epoch = ? and noted.revision >= ? order by noted.revision limit ?`,
    [revision, organizationId, epoch, revision, mostAfter + 1],
  )
  const [first, ...later] = rows.map((row) => ({ ...row, revision: Number(row.revision) }))
  return first?.revision === revision ? { first, later } : undefined
}

/** Stores what any publisher computes for this revision: the same hash. */
export async function storeHash(
  em: EntityManager,
  organizationId: string,
  { epoch, revision }: Version,
  hash: string,
): Promise<void> {
  await em.execute(
    `update config_revisions set hash = ?
     where org_id = ? and epoch = ? and revision = ? and hash is distinct from ?`,
    [hash, organizationId, epoch, revision, hash],
  )
}

/** Which of them a head names. */
export const revocationsInHead = { hours: 24, most: 10_000 }

/**
 * The virtual keys that stopped working lately, the latest first, and the users and sessions that ended so lately that a
 * token of theirs may still be about. Of these none is left out, for no configuration says it of a session, nor does any
 * other than that of the last minutes count.
 */
export async function readRevocations(
  em: EntityManager,
  organizationId: string,
  { hours, most }: { hours: number; most: number },
): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `(select virtual_key_id as id from config_revocations
      where org_id = ? and revoked_at > now() - make_interval(hours => ?) order by revoked_at desc limit ?)
     union all select id from ended_access where org_id = ? and named_until > now()`,
    [organizationId, hours, most, organizationId],
  )
  return rows.map(({ id }) => id)
}

interface RevisionRow extends Omit<IdentifiedRevision, 'revision'> {
  readonly revision: string
}

interface VersionRow {
  readonly epoch: number
  readonly revision: string
}

function versionOf({ epoch, revision }: VersionRow): Version {
  return { epoch: Number(epoch), revision: Number(revision) }
}
