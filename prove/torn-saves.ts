import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Random } from '../chaos/random.ts'
import { generateKeyPairs, type KeyPairs, type PrivateJwk } from '../data-plane/config/keys.ts'
import { endWithUs } from '../test/acceptance/end-with-us.ts'
import type { Progress } from './proof.ts'
import { SavedConfiguration } from './saved-configuration.ts'

export interface TornSavesVerdict {
  readonly promise: string
  readonly seed: number
  /** Between the beginning of a save and its end. */
  readonly kills: number
  /** How many of them left a file or a folder that was not finished. */
  readonly unfinished: number
  /** After how many of them a file was cut off or altered too. */
  readonly damaged: number
  /** Starts that did not find the configuration that they had to. */
  readonly lost: number
  readonly kept: boolean
}

/** What both processes of the proof know: those of the control plane, and those of the data plane. */
export interface SavingKeys {
  readonly authority: PrivateJwk
  readonly dataPlane: KeyPairs
}

/** A line that the saving process writes. */
export interface Report {
  /** The revision that it found on the disk; 0: none. */
  readonly restored?: number
  readonly saving?: number
  /** A revision that is on the disk from now on. */
  readonly saved?: number
}

const program = resolve(import.meta.dirname, 'saving-process.ts')
const longestRunMs = 60
const damageEvery = 4
const progressEvery = 50

/**
 * Kills a process while it saves one configuration after the other. What it has said to be saved is found at the next start,
 * and when the newest files are damaged, what was saved before them.
 */
export async function proveTornSaves(
  { kills, seed }: { readonly kills: number; readonly seed: number },
  progress: Progress,
): Promise<TornSavesVerdict> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-torn-'))
  try {
    const keys: SavingKeys = { authority: generateKeyPairs().signing, dataPlane: generateKeyPairs() }
    writeFileSync(join(folder, 'keys.json'), JSON.stringify(keys))
    const tally = await killAgainAndAgain(folder, kills, new Random(seed), progress)
    return {
      promise:
        'a process killed while it saves configurations, or whose newest files are damaged, starts with the newest whole one',
      ...{ seed, ...tally },
      kept: tally.lost === 0,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function killAgainAndAgain(folder: string, kills: number, random: Random, progress: Progress) {
  const disk = new SavedConfiguration(folder)
  const tally = { kills: 0, unfinished: 0, damaged: 0, lost: 0 }
  let expected: readonly number[] = [0]
  let last = 0
  while (tally.kills < kills) {
    const afterMs = random.between(0, longestRunMs)
    const { restored, saved, saving } = await killWhileSaving(folder, last + 1, afterMs)
    if (!expected.includes(restored)) {
      tally.lost += 1
      progress(`after kill ${tally.kills} revision ${restored} was found, not ${expected.join(' or ')}`)
    }
    disk.found(restored)
    expected = [saved, saving]
    last = saving
    if (disk.isUnfinished) tally.unfinished += 1
    // Between two saves: it is a start that has to succeed, and no kill during a save.
    if (saved === saving) continue
    tally.kills += 1
    if (tally.kills % damageEvery === 0) {
      const left = disk.damageNewest(random)
      if (left) tally.damaged += 1
      expected = left ?? expected
    }
    if (tally.kills % progressEvery === 0) progress(`${tally.kills} of ${kills} kills during a save`)
  }
  return tally
}

/** Starts a process on the disk that the one before it has left, and kills it some time after it began to save. */
async function killWhileSaving(
  folder: string,
  firstRevision: number,
  afterMs: number,
): Promise<Required<Report>> {
  const args = ['--conditions=source', program, folder, join(folder, 'keys.json'), String(firstRevision)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  endWithUs(child)
  const said = { restored: 0, saving: 0, saved: 0 }
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  let isDoomed = false
  const killOnce = () => {
    if (!isDoomed) setTimeout(() => child.kill('SIGKILL'), afterMs)
    isDoomed = true
  }
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    const report: Report = JSON.parse(line)
    // However slow the machine is: there is something to lose.
    if (report.saving !== undefined && said.saved > 0) killOnce()
    if (report.restored !== undefined) said.saved = report.restored
    Object.assign(said, report)
  })
  const [, signal] = await once(child, 'close')
  if (signal !== 'SIGKILL') throw new Error(`the saving process ended by itself: ${complaint}`)
  return said
}
