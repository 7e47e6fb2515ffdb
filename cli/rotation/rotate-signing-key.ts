import { setTimeout as delay } from 'node:timers/promises'
import { type Database, openDatabase } from '../../control-plane/db/database.ts'
import { openSecrets } from '../../control-plane/secrets/secrets.ts'
import {
  beginRotation,
  type FinishedRotation,
  finishRotation,
} from '../../control-plane/signing-key-rotation.ts'
import { readDataDir } from '../env.ts'
import { StartRefused } from '../start-refused.ts'
import { printLine } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { prepareDataDir, readMasterKey } from '../up/data-dir.ts'
import { withDatabaseUrl } from '../up/database-url.ts'

export interface RotationOptions {
  readonly finish: boolean
  readonly force: boolean
}

/** Data planes say every ten seconds which keys they believe, and at once when that changes. */
const patienceMs = 30_000
const lookIntervalMs = 500

export async function rotateSigningKey({ finish, force }: RotationOptions): Promise<void> {
  if (force && !finish) throw new StartRefused('--force is about how a rotation ends: give it with --finish')
  const url = process.env.DATABASE_URL || undefined
  await withDatabaseUrl(url, async (databaseUrl) => {
    const masterKey = Buffer.from(await findMasterKey(url), 'base64')
    const database = await openDatabase({ url: databaseUrl, maxConnections: 1 })
    try {
      await openSecrets(database, masterKey)
      if (finish) await end(database, masterKey, force)
      else await begin(database, masterKey)
    } finally {
      await database.close()
    }
  })
}

async function findMasterKey(databaseUrl: string | undefined): Promise<string> {
  if (databaseUrl === undefined) return readMasterKey(prepareDataDir(readDataDir(process.env)))
  const given = process.env.GATEHOUSE_MASTER_KEY
  if (given) return given
  throw new StartRefused('GATEHOUSE_MASTER_KEY must be set with DATABASE_URL: that of the control planes')
}

async function begin(database: Database, masterKey: Buffer): Promise<void> {
  const { keyId } = await beginRotation(database, masterKey)
  printLine(`The signing key ${keyId} is announced: control planes sign with it and with the old one`)
  printLine(
    'Once data planes have had the time to learn it, end this with: gatehouse rotate-signing-key --finish',
  )
}

async function end(database: Database, masterKey: Buffer, force: boolean): Promise<void> {
  const { keyId, without, isFinished } = await withProgress(
    'Waiting until every data plane believes the new key',
    untilBelieved(database, masterKey, force),
  )
  const names = without.map(({ id, name }) => `${name} (${id})`).join(', ')
  if (!isFinished) {
    throw new StartRefused(
      `${without.length} data planes do not believe ${keyId} yet, and nothing was changed: ${names}. Start or upgrade them, revoke those that are gone for good, or leave them behind with --force`,
    )
  }
  printLine(`The old signing key is retired: what it alone has signed is refused. ${keyId} signs from now on`)
  if (names !== '') {
    printLine(
      `Left behind: ${names}. They catch up when they start, but for those that are older than this command`,
    )
  }
}

async function untilBelieved(
  database: Database,
  masterKey: Buffer,
  force: boolean,
): Promise<FinishedRotation> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const finished = await finishRotation(database, masterKey, { force })
    if (finished.isFinished || performance.now() >= deadline) return finished
    await delay(lookIntervalMs)
  }
}
