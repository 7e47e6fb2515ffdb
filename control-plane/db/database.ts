import { type EntityManager, MikroORM } from '@mikro-orm/postgresql'
import type { Pool } from 'pg'
import { DatabaseWatch } from './availability.ts'
import { entities } from './entities.ts'
import { joinBegins } from './joined-begin.ts'
import { tendConnections } from './pooled-connections.ts'
import { refuseBypassingRole } from './role-check.ts'
import { type VisibleRows, visibleCondition } from './visible-rows.ts'

export interface TransactionOptions {
  /** Also hides what belongs to any other workspace; null hides nothing. */
  readonly workspaceIds?: readonly string[] | null
  /** Also hides the virtual keys, usage and audit events of others; null hides nothing. */
  readonly rows?: VisibleRows | null
}

export interface Database {
  /**
   * Runs `work` in one transaction that sees and writes only this organization: by the ORM's filter and, behind
   * it, by row-level security.
   *
   * @throws DatabaseUnavailable at once when the database has not answered anyone for some seconds.
   */
  transaction<T>(
    organizationId: string,
    work: (em: EntityManager) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>
  /** For the loops that serve every organization. */
  organizationIds(): Promise<string[]>
  /** Whether the database has answered within the last seconds. */
  readonly answers: boolean
  /** Rejects when the database does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

export interface OpenDatabaseOptions {
  /** Connects as the application role. */
  readonly url: string
  /** False leaves row-level security as the only wall, for the tests that prove it. */
  readonly ormFilter?: boolean
  /** Most connections at once. */
  readonly maxConnections?: number
  /** The most that one statement may take; 30 unless said. */
  readonly statementTimeoutSeconds?: number
}

/**
 * Connects to a migrated database.
 *
 * @throws BypassingRole when the role could see through row-level security.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const { ormFilter = true, statementTimeoutSeconds = 30 } = options
  const orm = await MikroORM.init({
    clientUrl: options.url,
    entities: [...entities],
    ensureDatabase: false,
    pool: { min: 0, max: options.maxConnections ?? 10 },
    driverOptions: {
      connectionTimeoutMillis: 5_000,
      statement_timeout: statementTimeoutSeconds * 1_000,
      // Behind the statement's own limit, which says more.
      onPoolCreated: (pool: Pool) => {
        tendConnections(pool, (statementTimeoutSeconds + 1) * 1_000)
        joinBegins(pool)
      },
    },
    ...(ormFilter && { filters: { tenant: { name: 'tenant', cond: tenantCondition } } }),
  })
  try {
    await refuseBypassingRole(orm.em.fork())
  } catch (error) {
    await orm.close(true)
    throw error
  }

  const watch = new DatabaseWatch(options.url)
  return {
    async transaction(organizationId, work, { workspaceIds = null, rows = null } = {}) {
      watch.assertAnswers()
      const em = orm.em.fork()
      em.setFilterParams('tenant', { organizationId, workspaceIds, rows })
      em.setSessionContext({ variables: wallVariables(organizationId, workspaceIds, rows) })
      return watch.heed(em.transactional(work))
    },
    async organizationIds() {
      watch.assertAnswers()
      const rows = await orm.em.fork().execute<{ org_id: string }[]>('select org_id from config_heads')
      return rows.map((row) => row.org_id)
    },
    get answers() {
      return watch.answers
    },
    async ping() {
      watch.assertAnswers()
      await orm.em.fork().execute('select 1')
    },
    async close() {
      await watch.close()
      await orm.close(true)
    },
  }
}

/** What row-level security goes by. An empty text hides nothing, so that "none of them" must be a text too. */
function wallVariables(
  organizationId: string,
  workspaceIds: readonly string[] | null,
  rows: VisibleRows | null,
): Record<string, string> {
  return {
    'gatehouse.org_id': organizationId,
    'gatehouse.workspace_id': workspaceIds === null ? '' : workspaceIds.join(',') || 'none',
    'gatehouse.row_scope': rows?.scope ?? '',
    'gatehouse.actor_id': rows?.actorId ?? '',
    'gatehouse.user_id': rows?.user?.id ?? '',
    'gatehouse.team_ids': rows?.user?.teamIds.join(',') ?? '',
  }
}

const workspaceBound: ReadonlySet<string> = new Set(
  entities
    .filter(({ meta }) => 'workspaceId' in meta.properties && meta.properties.workspaceId.nullable !== true)
    .map(({ meta }) => meta.className),
)

interface TenantParameters {
  readonly organizationId: string
  readonly workspaceIds: readonly string[] | null
  readonly rows: VisibleRows | null
}

function tenantCondition(
  { organizationId, workspaceIds, rows }: TenantParameters,
  _type: unknown,
  _em: unknown,
  _options: unknown,
  entityName: string,
) {
  if (entityName === 'Organization') return { id: organizationId }
  const visible = { organizationId, ...visibleCondition(entityName, rows) }
  if (workspaceIds === null) return visible
  if (entityName === 'Workspace') return { ...visible, id: { $in: workspaceIds } }
  return workspaceBound.has(entityName) ? { ...visible, workspaceId: { $in: workspaceIds } } : visible
}
