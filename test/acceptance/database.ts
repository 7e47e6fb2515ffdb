import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** A database on a running PostgreSQL, empty: `gatehouse migrate` makes the tables and the application role. */
export interface Database {
  /** As the role that will own the tables. */
  readonly ownerUrl: string
  /** As the role that the control plane is to sign in as. */
  readonly applicationUrl: string
  readonly applicationRole: string
  drop(): Promise<void>
}

export async function createDatabase(superuserUrl: string): Promise<Database> {
  const name = `acceptance_${randomBytes(8).toString('hex')}`
  const run = (...statements: string[]) => execute(superuserUrl, statements)
  await run(`create database ${name}`)
  const ownerUrl = new URL(superuserUrl)
  ownerUrl.pathname = `/${name}`
  const applicationUrl = new URL(ownerUrl)
  applicationUrl.username = name
  applicationUrl.password = randomBytes(16).toString('hex')
  return {
    ownerUrl: ownerUrl.href,
    applicationUrl: applicationUrl.href,
    applicationRole: name,
    drop: () => run(`drop database ${name} with (force)`, `drop role if exists ${name}`),
  }
}

async function execute(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
