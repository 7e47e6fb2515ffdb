import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import {
  applicationRole,
  ensureDatabase,
  ownerRole,
  renewRolePasswords,
  roleUrl,
} from '../../cli/embedded/database.ts'
import { startPostgres } from '../../cli/embedded/postgres.ts'
import { createOrganization, issueAdminToken } from '../../control-plane/bootstrap.ts'
import { openDatabase } from '../../control-plane/db/database.ts'
import { migrate } from '../../control-plane/db/migrate.ts'
import { onStop } from '../processes.ts'
import { type Seed, seed } from './seed.ts'

const databaseName = 'gatehouse'

type SeededRows = Pick<Seed, 'usageRows' | 'auditEvents'>

export interface SeededDatabase {
  /** Connects as the control plane does. */
  readonly url: string
  readonly adminToken: string
}

/** A real PostgreSQL with the rows in it: those of `folder` when it has been filled before, else new ones. */
export async function openSeeded(
  { folder, ...rows }: SeededRows & { readonly folder: string | undefined },
  progress: (text: string) => void,
): Promise<SeededDatabase> {
  const { postgres, url } = await startMigrated({
    dataDir: folderFor(folder),
    announce: progress,
    durable: false,
    settings: { max_wal_size: '2GB', wal_level: 'minimal', max_wal_senders: '0' },
  })
  const client = new pg.Client({ connectionString: postgres.superuserUrl(databaseName) })
  await client.connect()
  try {
    const organizationId =
      (await seededOrganization(client)) ?? (await seedNew(client, { url, ...rows, progress }))
    return { url, adminToken: await issueAdmin(url, organizationId) }
  } finally {
    await client.end()
  }
}

/** As durable as in use, with nothing in it. @returns how the control plane connects */
export async function startEmpty(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const { postgres, url } = await startMigrated({ dataDir: folderFor(undefined), announce: () => undefined })
  return { url, stop: postgres.stop }
}

async function startMigrated(options: Parameters<typeof startPostgres>[0]) {
  const postgres = await startPostgres(options)
  onStop(postgres.stop)
  const passwords = await renewRolePasswords(postgres)
  await ensureDatabase(postgres, databaseName)
  const ownerUrl = roleUrl(postgres, ownerRole, passwords.owner, databaseName)
  await migrate({ ownerUrl, applicationRole })
  return { postgres, url: roleUrl(postgres, applicationRole, passwords.application, databaseName) }
}

function folderFor(kept: string | undefined): string {
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'gatehouse-lists-'))
  mkdirSync(folder, { recursive: true })
  // As root the database runs as another user, who has to pass through.
  chmodSync(folder, 0o711)
  if (kept === undefined) onStop(async () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The name is given when everything is there: a seed that broke off is not taken for a whole one. */
async function seededOrganization(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(`select id from organizations where name = 'Seeded'`)
  return rows[0]?.id
}

async function seedNew(
  client: pg.Client,
  { url, progress, ...rows }: SeededRows & { readonly url: string; progress(text: string): void },
): Promise<string> {
  const database = await openDatabase({ url })
  try {
    const created = await createOrganization(database, { name: 'Being seeded' })
    await seed(client, { ...created, ...rows }, progress)
    await client.query(`update organizations set name = 'Seeded' where id = $1`, [created.organizationId])
    return created.organizationId
  } finally {
    await database.close()
  }
}

async function issueAdmin(url: string, organizationId: string): Promise<string> {
  const database = await openDatabase({ url })
  try {
    return await issueAdminToken(database, organizationId, 'bench')
  } finally {
    await database.close()
  }
}
