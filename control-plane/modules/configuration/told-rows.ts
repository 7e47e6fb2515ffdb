import type { EntityManager } from '@mikro-orm/postgresql'
import type { Json } from '../../../contract/canonical.ts'
import { changeOf, type Document, type EntityChange } from './diff.ts'
import { cursorOf, type RevisionName } from './revision-name.ts'

/** What is configuration and yet told to no data plane: a revision tells of it by the rows that it wrote. */
const rowKinds = { workspaces: 'workspace', roles: 'role', access_profiles: 'access_profile' } as const
export type RowKind = (typeof rowKinds)[keyof typeof rowKinds]

const profileConfigs = 'profile_provider_configs'

type Row = Readonly<Record<string, Json>>

interface RowChange {
  readonly epoch: number
  readonly revision: string | number
  readonly table: keyof typeof rowKinds | typeof profileConfigs
  readonly id: string
  /** Null before it was there. */
  readonly before: Row | null
  /** Null once it is gone. */
  readonly after: Row | null
}

/** What these revisions changed of such things, by the cursor of the revision. */
export async function readRowChanges(
  em: EntityManager,
  organizationId: string,
  names: readonly RevisionName[],
): Promise<ReadonlyMap<string, EntityChange[]>> {
  const rows = await em.execute<RowChange[]>(
    `select epoch, revision, table_name as "table", row_id as id,
       (array_agg(image order by image.id))[1] as before, (array_agg(present order by image.id desc))[1] as after
     from config_revisions
     join jsonb_to_recordset(?::jsonb) as wanted (epoch integer, revision bigint) using (epoch, revision)
     join row_images image using (org_id, transaction_id)
     where org_id = ? and table_name in (select jsonb_array_elements_text(?::jsonb))
     group by epoch, revision, table_name, row_id order by table_name, row_id`,
    [JSON.stringify(names), organizationId, JSON.stringify([...Object.keys(rowKinds), profileConfigs])],
  )
  const byRevision = Map.groupBy(rows, ({ epoch, revision }) =>
    cursorOf({ epoch, revision: Number(revision) }),
  )
  return new Map([...byRevision].map(([cursor, changes]) => [cursor, changesOf(changes)]))
}

function changesOf(rows: readonly RowChange[]): EntityChange[] {
  const configs = rows.filter(({ table }) => table === profileConfigs)
  return rows.flatMap(({ table, id, before, after }) => {
    if (table === profileConfigs) return []
    const kind = rowKinds[table]
    const documentOf = (row: Row | null, state: 'before' | 'after') =>
      row
        ? { ...fieldsOf(row), ...(kind === 'access_profile' && configsOf(configs, id, state)), kind, id }
        : undefined
    const change = changeOf(documentOf(before, 'before'), documentOf(after, 'after'))
    return change.fields.length > 0 ? [change] : []
  })
}

/** They are written anew with each change, so that their provider is what tells them apart. */
function configsOf(configs: readonly RowChange[], profileId: string, state: 'before' | 'after') {
  const own = configs.map((config) => config[state]).filter((row) => row?.access_profile_id === profileId)
  return {
    providerConfigs: own.map((row) => {
      const { accessProfileId: _profile, providerId, ...fields } = fieldsOf(row ?? {})
      return { ...fields, id: providerId ?? null }
    }),
  }
}

const untold: ReadonlySet<string> = new Set(['id', 'org_id', 'version', 'created_at', 'system'])

/** By the names that the API has for them: `row_scope` is `rowScope`. */
function fieldsOf(row: Row): Omit<Document, 'kind' | 'id'> {
  const told = Object.entries(row).filter(([column]) => !untold.has(column))
  return Object.fromEntries(
    told.map(([column, value]) => [column.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()), value]),
  )
}
