import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import pino, { type Logger } from 'pino'
import { readUpEnv } from '../env.ts'
import { untilInterrupted } from '../interruption.ts'
import { prepareDataDir } from './data-dir.ts'
import { describeQuickstart } from './quickstart.ts'
import { RunningParts } from './shutdown.ts'
import { type Started, startEverything } from './start.ts'

/** `gatehouse up`: runs everything in the foreground until it is interrupted. */
export async function up({
  acceptDamagedJournal,
}: {
  readonly acceptDamagedJournal: boolean
}): Promise<void> {
  const env = readUpEnv(process.env)
  const parts = new RunningParts((problem) => console.error(problem))
  const interrupted = untilInterrupted(() => process.exit(130))
  const log = openLog(env.dataDir, env.planes.LOG_LEVEL ?? 'info')
  const started = startEverything({
    env,
    log,
    parts,
    announce: (line) => console.log(line),
    acceptDamagedJournal,
  })
  try {
    const running = await Promise.race([started, interrupted])
    if (running) {
      console.log(greeting(running))
      await interrupted
    }
    console.log('Stopping…')
    // A start that was interrupted still adds what it had begun.
    await started.catch(() => undefined)
  } finally {
    await parts.stop()
  }
}

function greeting({ dataDir, addresses, quickstart }: Started): string {
  if (quickstart !== undefined) return describeQuickstart(quickstart, dataDir)
  const { pageUrl, dataPlaneUrl, statusUrl } = addresses
  return `\nGatehouse is running.\n\n  Console      ${pageUrl}\n  Data plane   ${dataPlaneUrl}\n  Status       ${statusUrl}\n\nFor a token: gatehouse create-admin-token. Ctrl-C stops everything.\n`
}

/** The log of both planes, one JSON object a line; that of the start before is kept beside it. */
function openLog(wantedDir: string, level: string): Logger {
  const path = join(prepareDataDir(wantedDir), 'gatehouse.log')
  if (existsSync(path)) renameSync(path, `${path}.1`)
  return pino({ level }, pino.destination({ dest: path, sync: true, mode: 0o600 }))
}
