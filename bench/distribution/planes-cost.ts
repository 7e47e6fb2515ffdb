import { setTimeout as delay } from 'node:timers/promises'
import { cpuMicros, type Running, residentMegabytes } from '../processes.ts'
import type { Scene } from './scene.ts'

/** A number for each of the two planes. */
export interface OfPlanes {
  readonly controlPlane: number
  readonly dataPlane: number
}

export async function ofPlanes(
  scene: Scene,
  measure: (plane: { readonly running: Running; readonly metricsUrl: string }) => Promise<number> | number,
): Promise<OfPlanes> {
  const { controlPlane, dataPlane } = scene
  return {
    controlPlane: await measure({ ...controlPlane, metricsUrl: `${controlPlane.url}/metrics` }),
    dataPlane: await measure({ ...dataPlane, metricsUrl: `${dataPlane.statusOrigin}/metrics` }),
  }
}

const idleMs = 3_000

/** CPU milliseconds of each plane in `work`, less what both use in the same time when nothing happens. */
export async function cpuOf(scene: Scene, work: () => Promise<void>): Promise<OfPlanes> {
  const idle = await cpuWhile(scene, () => delay(idleMs))
  const busy = await cpuWhile(scene, work)
  const less = (plane: keyof OfPlanes) => busy.cpu[plane] - (idle.cpu[plane] * busy.tookMs) / idle.tookMs
  return { controlPlane: less('controlPlane'), dataPlane: less('dataPlane') }
}

async function cpuWhile(scene: Scene, work: () => Promise<void>) {
  const read = () => ofPlanes(scene, ({ running }) => cpuMicros(running.pid) / 1_000)
  const [before, startedAt] = [await read(), performance.now()]
  await work()
  const [after, tookMs] = [await read(), performance.now() - startedAt]
  const cpu = {
    controlPlane: after.controlPlane - before.controlPlane,
    dataPlane: after.dataPlane - before.dataPlane,
  }
  return { cpu, tookMs }
}

export function memoryOf(scene: Scene): Promise<OfPlanes> {
  return ofPlanes(scene, ({ running }) => residentMegabytes(running.pid))
}

/** The longest that each plane's event loop did nothing else since this was asked last, in milliseconds. */
export function longestStallOf(scene: Scene): Promise<OfPlanes> {
  return ofPlanes(scene, async ({ metricsUrl }) => {
    const text = await (await fetch(metricsUrl)).text()
    const [, seconds] = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text) ?? []
    if (seconds === undefined) throw new Error(`${metricsUrl} does not tell the event loop's lag`)
    return Number(seconds) * 1_000
  })
}
