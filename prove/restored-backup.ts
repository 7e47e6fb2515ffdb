import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { runCommand } from '../cli/embedded/child-process.ts'
import { runGatehouse, startPlanes } from '../test/acceptance/planes.ts'
import { type Restored, restoreBackup } from '../test/acceptance/restored-backup.ts'
import { debianPostgres, startDebianPostgres } from './debian-postgres.ts'
import type { Progress, Skipped } from './proof.ts'

export interface RestoredVerdict extends Restored {
  readonly promise: string
  /** Of `pg_dump`. */
  readonly format: string
  readonly kept: boolean
}

const promise =
  'data planes follow a database that pg_restore has restored, refuse the lineage that ended, and lose nothing from then on'
const dumpLimitMs = 120_000

/** A backup by pg_dump in each of its formats, on PostgreSQL 15, which the migrations have to suit as well. */
export async function* proveRestoredBackup(progress: Progress): AsyncIterable<RestoredVerdict | Skipped> {
  await using ends = new AsyncDisposableStack()
  const postgres = await startDebianPostgres()
  if (!postgres) {
    const skipped = `there is no PostgreSQL 15 with its client programs in ${debianPostgres}: apt-get install postgresql-15`
    return yield { promise, skipped }
  }
  ends.defer(() => postgres.stop())
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-backup-'))
  ends.defer(() => rm(folder, { recursive: true, force: true }))
  for (const format of ['custom', 'plain', 'directory']) {
    progress(`a backup in the format "${format}"`)
    const restored = await restoreOn(postgres.superuserUrl, join(folder, format), format)
    yield { promise, format, ...restored, kept: isKept(restored) }
  }
}

async function restoreOn(superuserUrl: string, backup: string, format: string): Promise<Restored> {
  const planes = await startPlanes({ superuserUrl, dataPlanes: 2 })
  try {
    const { ownerUrl, applicationUrl } = planes.database
    return await restoreBackup(planes, {
      async save() {
        const { code, output } = await runCommand(
          join(debianPostgres, 'bin', 'pg_dump'),
          [`--format=${format}`, `--file=${backup}`, `--dbname=${ownerUrl}`],
          { timeoutMs: dumpLimitMs },
        )
        if (code !== 0) throw new Error(`pg_dump ended with ${code}: ${output}`)
      },
      async restore() {
        await runGatehouse(['restore', '--from', backup, '--force'], {
          DATABASE_OWNER_URL: ownerUrl,
          DATABASE_URL: applicationUrl,
          PATH: [join(debianPostgres, 'bin'), process.env.PATH].join(delimiter),
        })
      },
    })
  } finally {
    await planes.stop()
  }
}

function isKept({
  epochBefore,
  epochs,
  statusOfKept,
  statusOfLost,
  refusals,
  made,
  recorded,
}: Restored): boolean {
  return (
    epochs.every((epoch, index) => epoch > (epochBefore[index] ?? 0)) &&
    statusOfKept.every((status) => status === 200) &&
    statusOfLost.every((status) => status === 401) &&
    refusals.length === epochs.length &&
    refusals.every((reason) => reason.includes('of a lineage that ended')) &&
    made === recorded
  )
}
