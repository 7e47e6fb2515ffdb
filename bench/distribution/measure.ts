import { setTimeout as delay } from 'node:timers/promises'
import { percentile } from '../lists/measure.ts'
import { median } from '../measure.ts'
import { cpuOf, longestStallOf, memoryOf, type OfPlanes } from './planes-cost.ts'
import { Scene } from './scene.ts'
import { seededKeyId } from './seed.ts'
import { timed } from './until.ts'

/** What it takes to distribute an organization's configuration. Times are in milliseconds. */
export interface Distribution {
  readonly keys: number
  /** From a mutation's answer to the first call that is answered accordingly. */
  readonly appliedP50Ms: number
  readonly appliedP99Ms: number
  readonly deltaBytes: number
  readonly snapshotBytes: number
  /** For one change of one key. */
  readonly changeCpuMs: OfPlanes
  readonly changeStallMs: OfPlanes
  readonly residentMb: OfPlanes
  /** Of a snapshot: until it is published, and from there until it runs. */
  readonly snapshotMs: OfPlanes
  readonly snapshotStallMs: OfPlanes
  /** A control plane until its head is in Redis, a data plane until it serves from its disk. */
  readonly startMs: OfPlanes
}

const snapshotRounds = 3
const restartRounds = 3
const warmUpChanges = 20

export async function measureDistribution(
  { keys, changes }: { readonly keys: number; readonly changes: number },
  progress: (text: string) => void,
): Promise<Distribution> {
  const scene = await Scene.open(keys, progress)
  const controlPlaneStartMs = await timed(async () => {
    await scene.startControlPlane()
    await scene.published.untilThere()
  })
  await scene.startDataPlane()
  await changeKeys(scene, warmUpChanges)
  await longestStallOf(scene)
  const applied = await changeKeys(scene, changes)
  progress(`${changes} changes were measured`)
  const cpu = await cpuOf(scene, () => revokeSeeded(scene, changes))
  const changeStallMs = await longestStallOf(scene)
  const deltaBytes = await scene.published.newestDeltaBytes()
  const residentMb = await memoryOf(scene)
  const snapshots = await measureSnapshots(scene)
  progress(`${snapshotRounds} snapshots were measured`)
  const restarts = await repeat(restartRounds, () => timed(() => scene.startDataPlane()))
  return {
    keys,
    appliedP50Ms: rounded(percentile(applied, 0.5)),
    appliedP99Ms: rounded(percentile(applied, 0.99)),
    deltaBytes,
    snapshotBytes: await scene.published.snapshotBytes(),
    changeCpuMs: each(cpu, (ms) => ms / changes),
    changeStallMs: each(changeStallMs),
    residentMb: each(residentMb),
    ...snapshots,
    startMs: each({ controlPlane: controlPlaneStartMs, dataPlane: median(restarts) }),
  }
}

/** Issues keys and revokes them. @returns how long each change took to hold, sorted */
async function changeKeys(scene: Scene, changes: number): Promise<number[]> {
  const times: number[] = []
  while (times.length < changes) {
    const { id, secret } = await scene.issueKey()
    times.push(await timed(() => scene.untilAnswered(secret, 200)))
    await scene.revokeKey(id, 'NONE')
    times.push(await timed(() => scene.untilAnswered(secret, 403)))
  }
  return times.sort((a, b) => a - b)
}

/** One after the other, and nobody asks the data plane meanwhile whether it knows. */
async function revokeSeeded(scene: Scene, keys: number): Promise<void> {
  for (let key = 0; key < keys; key += 1) await scene.revokeKey(seededKeyId(key), 'ALL')
}

async function measureSnapshots(scene: Scene): Promise<Pick<Distribution, 'snapshotMs' | 'snapshotStallMs'>> {
  const rounds: (readonly [ms: OfPlanes, stallMs: OfPlanes])[] = []
  while (rounds.length < snapshotRounds) {
    const { id, secret } = await scene.issueKey()
    await scene.untilAnswered(secret, 200)
    await longestStallOf(scene)
    await scene.published.drop()
    await scene.revokeKey(id, 'NONE')
    const controlPlane = await timed(() => scene.published.untilThere())
    const dataPlane = await timed(() => scene.untilApplied())
    rounds.push([{ controlPlane, dataPlane }, await longestStallOf(scene)])
    await delay(1_000)
  }
  return {
    snapshotMs: each(
      combine(
        rounds.map(([ms]) => ms),
        median,
      ),
    ),
    snapshotStallMs: each(
      combine(
        rounds.map(([, stallMs]) => stallMs),
        (all) => Math.max(...all),
      ),
    ),
  }
}

async function repeat(rounds: number, measure: () => Promise<number>): Promise<number[]> {
  const times: number[] = []
  while (times.length < rounds) times.push(await measure())
  return times
}

function combine(rounds: readonly OfPlanes[], how: (values: readonly number[]) => number): OfPlanes {
  return {
    controlPlane: how(rounds.map(({ controlPlane }) => controlPlane)),
    dataPlane: how(rounds.map(({ dataPlane }) => dataPlane)),
  }
}

function each({ controlPlane, dataPlane }: OfPlanes, change = (value: number) => value): OfPlanes {
  return { controlPlane: rounded(change(controlPlane)), dataPlane: rounded(change(dataPlane)) }
}

const rounded = (value: number) => Number(value.toFixed(1))
