import { type EntityManager, MikroORM } from '@mikro-orm/postgresql'
import { entities } from './entities.ts'
import { refuseBypassingRole } from './role-check.ts'

export interface TransactionOptions {
  /** Also hides what belongs to any other workspace. */
  readonly workspaceId?: string | null
}

export interface Database {
  /**
   * Runs `work` in one transaction that sees and writes only this organization: by the ORM's filter and, behind
   * it, by row-level security.
   */
  transaction<T>(
    organizationId: string,
    work: (em: EntityManager) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>
  /** For the loops that serve every organization. */
  organizationIds(): Promise<string[]>
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
}

/**
 * Connects to a migrated database.
 *
 * @throws BypassingRole when the role could see through row-level security.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const { ormFilter = true } = options
  const orm = await MikroORM.init({
    clientUrl: options.url,
    entities: [...entities],
    ensureDatabase: false,
    pool: { min: 0, max: options.maxConnections ?? 10 },
    driverOptions: { connectionTimeoutMillis: 5_000, statement_timeout: 30_000 },
    ...(ormFilter && { filters: { tenant: { name: 'tenant', cond: tenantCondition } } }),
  })
  try {
    await refuseBypassingRole(orm.em.fork())
  } catch (error) {
    await orm.close(true)
    throw error
  }

  return {
    transaction(organizationId, work, { workspaceId = null } = {}) {
      const em = orm.em.fork()
      em.setFilterParams('tenant', { organizationId, workspaceId })
      em.setSessionContext({
        variables: { 'gatehouse.org_id': organizationId, 'gatehouse.workspace_id': workspaceId ?? '' },
      })
      return em.transactional(work)
    },
    async organizationIds() {
      const rows = await orm.em.fork().execute<{ org_id: string }[]>('select org_id from config_heads')
      return rows.map((row) => row.org_id)
    },
    async ping() {
      await orm.em.fork().execute('select 1')
    },
    close: () => orm.close(true),
  }
}

const workspaceBound: ReadonlySet<string> = new Set(
  entities
    .filter(({ meta }) => 'workspaceId' in meta.properties && meta.properties.workspaceId.nullable !== true)
    .map(({ meta }) => meta.className),
)

function tenantCondition(
  { organizationId, workspaceId }: { organizationId: string; workspaceId: string | null },
  _type: unknown,
  _em: unknown,
  _options: unknown,
  entityName: string,
) {
  if (entityName === 'Organization') return { id: organizationId }
  if (workspaceId === null) return { organizationId }
  if (entityName === 'Workspace') return { organizationId, id: workspaceId }
  return workspaceBound.has(entityName) ? { organizationId, workspaceId } : { organizationId }
}
