import type { EntityManager } from '@mikro-orm/postgresql'
import { type Entity, type EntityKey, keyOf } from '../../../contract/configuration/entities.ts'
import type { RecordedChange } from '../../publisher/revision.ts'
import type { RevisionName } from './revision-name.ts'

/** A row as it was at a revision; null when it was not there. */
export interface EarlierRow {
  readonly table: string
  readonly id: string
  readonly image: Readonly<Record<string, unknown>> | null
}

/** What has changed since a revision, as it was then and as it is now. */
export interface EarlierState {
  readonly rows: readonly EarlierRow[]
  /** By key, undefined when it was not there. */
  readonly documents: ReadonlyMap<EntityKey, Entity | undefined>
  readonly present: ReadonlyMap<EntityKey, Entity>
}

/** The first thing that is known of a row or document after the revision is what it was at that revision. */
export async function readEarlierState(
  em: EntityManager,
  organizationId: string,
  { epoch, revision }: RevisionName,
): Promise<EarlierState> {
  const changes = await em.execute<{ changes: RecordedChange; previous: Entity[] }[]>(
    `select changes, previous from config_revisions
     where org_id = ? and epoch = ? and revision > ? order by revision`,
    [organizationId, epoch, revision],
  )
  const documents = new Map<EntityKey, Entity | undefined>()
  for (const { changes: change, previous } of changes) {
    const before = new Map(previous.map((entity) => [keyOf(entity), entity]))
    for (const key of [...change.upserts.map(keyOf), ...change.removals]) {
      if (!documents.has(key)) documents.set(key, before.get(key))
    }
  }
  const rows = await em.execute<EarlierRow[]>(
    `select distinct on (image.table_name, image.row_id)
       image.table_name as "table", image.row_id as id, image.image
     from config_revisions revision join row_images image using (org_id, transaction_id)
     where org_id = ? and revision.epoch = ? and revision.revision > ?
     order by image.table_name, image.row_id, revision.revision, image.id`,
    [organizationId, epoch, revision],
  )
  return { rows, documents, present: await readPresent(em, organizationId) }
}

async function readPresent(em: EntityManager, organizationId: string) {
  const rows = await em.execute<{ document: Entity }[]>(
    'select document from config_entities where org_id = ?',
    [organizationId],
  )
  return new Map(rows.map(({ document }) => [keyOf(document), document]))
}
