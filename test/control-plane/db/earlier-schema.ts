import type { Client } from 'pg'
import { applicationRole } from '../../../cli/embedded/database.ts'
import { migrations } from '../../../control-plane/db/migrations.ts'

export async function emptySchema(client: Client): Promise<void> {
  await client.query('drop schema public cascade')
  await client.query('create schema public')
  await client.query(`grant usage on schema public to ${applicationRole}`)
}

/** Those whose name is wanted, in order. */
export async function runMigrations(client: Client, wanted: (name: string) => boolean): Promise<void> {
  for (const { name, statements } of migrations) {
    if (!wanted(name)) continue
    await client.query('begin')
    for (const statement of statements(applicationRole)) await client.query(statement)
    await client.query('commit')
  }
}
