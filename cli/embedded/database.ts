import { randomBytes } from 'node:crypto'
import pg from 'pg'

export const applicationRole = 'gatehouse_app'
export const ownerRole = 'gatehouse_owner'

/** How the two roles of the control plane sign in; neither is a superuser nor may bypass row-level security. */
export interface RolePasswords {
  readonly owner: string
  readonly application: string
}

interface Server {
  readonly port: number
  superuserUrl(database: string): string
}

/**
 * Makes sure that both roles exist and gives them new passwords, so that none is stored anywhere: only one
 * process at a time uses an embedded server.
 */
export async function renewRolePasswords(server: Server): Promise<RolePasswords> {
  const passwords = { owner: newPassword(), application: newPassword() }
  await withClient(server.superuserUrl('postgres'), async (client) => {
    await putRole(client, ownerRole, passwords.owner)
    await putRole(client, applicationRole, passwords.application)
  })
  return passwords
}

/** Creates the database, owned by the owner role, unless it exists. */
export async function ensureDatabase(server: Server, name: string): Promise<void> {
  await withClient(server.superuserUrl('postgres'), async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [name])
    if (found.rowCount === 0) {
      await client.query(`create database ${client.escapeIdentifier(name)} owner ${ownerRole}`)
    }
  })
}

export function roleUrl(server: Server, role: string, password: string, database: string): string {
  return `postgres://${role}:${password}@127.0.0.1:${server.port}/${encodeURIComponent(database)}`
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    query_timeout: 60_000,
  })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function putRole(client: pg.Client, role: string, password: string): Promise<void> {
  const found = await client.query('select 1 from pg_roles where rolname = $1', [role])
  const verb = found.rowCount === 0 ? 'create' : 'alter'
  await client.query(
    `${verb} role ${client.escapeIdentifier(role)} login nosuperuser nobypassrls nocreaterole nocreatedb password ${client.escapeLiteral(password)}`,
  )
}

function newPassword(): string {
  return randomBytes(24).toString('base64url')
}
