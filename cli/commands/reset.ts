import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { existingHome } from '../embedded/postgres-cluster.ts'
import { stopLeftover } from '../embedded/postmaster.ts'
import { stopLeftoverRedis } from '../embedded/redis.ts'
import { readDataDir } from '../env.ts'
import { StartRefused } from '../start-refused.ts'
import { lockDataDir, prepareDataDir } from '../up/data-dir.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

/** Everything that `gatehouse up` makes in its data dir; whatever else is there is not ours to remove. */
const ours = [
  ...[
    'postgres',
    'postgres.initialising',
    'postgres-location',
    'postgres.log',
    'postgresql',
    'clusters',
    'redis',
  ],
  ...['data-plane', 'simulator', 'master.key', 'setup.json', 'quickstart.json', 'runtime.json'],
  ...['gatehouse.log', 'gatehouse.log.1'],
]

export function addResetCommand(program: Command): void {
  program
    .command('reset')
    .description('Removes the database, keys and logs of "gatehouse up", so that the next start begins anew')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', environmentHelp('reset'))
    .addHelpText('after', examplesHelp(['gatehouse reset --yes', 'removes what is in .gatehouse']))
    .action(({ yes }: { yes?: boolean }) => reset(yes === true))
}

async function reset(confirmed: boolean): Promise<void> {
  const wanted = readDataDir(process.env)
  if (!existsSync(wanted)) {
    console.log(`There is nothing in ${wanted}`)
    return
  }
  const dataDir = prepareDataDir(wanted)
  if (!confirmed && !(await confirm(`Remove the database, keys and logs in ${dataDir}?`))) return
  const lock = await lockDataDir(dataDir)
  if (lock === undefined) throw new StartRefused(`Gatehouse runs on ${dataDir}: stop it first`)
  const cluster = await existingHome(dataDir)
  if (cluster !== undefined) await stopLeftover(join(cluster, 'data'))
  await stopLeftoverRedis(join(dataDir, 'redis'))
  for (const path of [
    ...(cluster === undefined ? [] : [cluster]),
    ...ours.map((name) => join(dataDir, name)),
  ]) {
    await rm(path, { recursive: true, force: true })
  }
  await lock.release()
  console.log(`${dataDir} is reset`)
}

async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new StartRefused('Nobody is there to confirm: add --yes')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`${question} [y/N] `)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}
