export interface TenantTableOptions {
  /** The role that the control plane runs as. */
  readonly applicationRole: string
  /** The column that holds the organization's id. */
  readonly column?: string
  /**
   * Whether rows belong to a workspace (`workspace_id`), so that a transaction may be narrowed to some; `optional`:
   * those without one belong to the organization and are seen from every workspace.
   */
  readonly workspaces?: boolean | 'optional'
  /** The column that holds the workspace's id. */
  readonly workspaceColumn?: string
  /** Rows are added and read, never changed. */
  readonly appendOnly?: boolean
}

/**
 * The SQL that makes a table safe to share between organizations: row-level security that binds its owner too,
 * and the least grants that the application needs.
 */
export function tenantTable(table: string, options: TenantTableOptions): readonly string[] {
  const { applicationRole, column = 'org_id', workspaceColumn = 'workspace_id' } = options
  const { workspaces = false, appendOnly = false } = options
  const ofOrganization = `${column} = current_setting('gatehouse.org_id', true)`
  const ofWorkspace = `(coalesce(current_setting('gatehouse.workspace_id', true), '') = ''
      or ${workspaceColumn} = any (string_to_array(current_setting('gatehouse.workspace_id', true), ','))${workspaces === 'optional' ? ` or ${workspaceColumn} is null` : ''})`
  const visible = workspaces ? `${ofOrganization} and ${ofWorkspace}` : ofOrganization
  const privileges = appendOnly ? 'select, insert' : 'select, insert, update, delete'
  return [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `create policy tenant on ${table} using (${visible}) with check (${visible})`,
    `grant ${privileges} on ${table} to ${quoteIdentifier(applicationRole)}`,
  ]
}

/** Row-level security binds a table's owner too, and so it would hide from a migration what is to be changed. */
export function unwalled(tables: readonly string[], statements: readonly string[]): readonly string[] {
  return [
    ...tables.map((table) => `alter table ${table} no force row level security`),
    ...statements,
    ...tables.map((table) => `alter table ${table} force row level security`),
  ]
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
