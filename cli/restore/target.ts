import type pg from 'pg'
import { withClient } from '../embedded/database.ts'
import { StartRefused } from '../start-refused.ts'

/**
 * @returns whether the server has the application role.
 * @throws StartRefused when the database holds something, unless `force`, or while a control plane uses it.
 */
export async function inspectTarget(
  ownerUrl: string,
  { applicationRole, force }: { readonly applicationRole: string; readonly force: boolean },
): Promise<{ readonly hasRole: boolean }> {
  return withClient(ownerUrl, async (client) => {
    const connections = await count(
      client,
      `select count(*) from pg_stat_activity where datname = current_database() and usename = $1`,
      [applicationRole],
    )
    if (connections > 0) {
      throw new StartRefused(
        `${connections} connections of ${applicationRole} to the database are open: stop the control planes first`,
      )
    }
    const tables = await count(
      client,
      `select count(*) from pg_class join pg_namespace namespace on namespace.oid = relnamespace
       where nspname = 'public' and relkind in ('r', 'p', 'v', 'm', 'S')`,
    )
    if (tables > 0 && !force) {
      throw new StartRefused(
        `The database of DATABASE_OWNER_URL is not empty (${tables} tables and sequences): name an empty one, or delete what it holds with --force`,
      )
    }
    const roles = await count(client, 'select count(*) from pg_roles where rolname = $1', [applicationRole])
    return { hasRole: roles > 0 }
  })
}

/** Deletes everything in the schema that Gatehouse uses. */
export async function clearTarget(ownerUrl: string): Promise<void> {
  await withClient(ownerUrl, async (client) => {
    await client.query('drop schema public cascade')
    await client.query('create schema public')
  })
}

async function count(client: pg.Client, query: string, parameters: string[] = []): Promise<number> {
  const { rows } = await client.query<{ count: string }>(query, parameters)
  return Number(rows[0]?.count)
}
