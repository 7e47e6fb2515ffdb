import { setTimeout as delay } from 'node:timers/promises'
import { readAuditTrail } from '../chaos/audit-trail.ts'
import type { Stage } from '../chaos/stage.ts'
import { call } from '../chaos/traffic.ts'
import { compareWithWitness } from '../chaos/witness.ts'
import { issueKey } from '../test/acceptance/keys.ts'
import type { Plane } from '../test/acceptance/plane.ts'
import type { Progress } from './proof.ts'
import { callSteadily } from './steady-calls.ts'

export interface OutageVerdict {
  readonly promise: string
  readonly calls: number
  /** Not answered with 200 although their data plane was running. */
  readonly failed: number
  /** Under way when their data plane was killed. */
  readonly broken: number
  /** From the start of the killed data plane's process to the first call that it serves. */
  readonly restartMs: number
  /** Of what the provider was asked, in the audit trail afterwards. */
  readonly missing: number
  readonly doubled: number
  readonly kept: boolean
}

export interface OutageOptions {
  readonly seconds: number
  readonly callsPerSecond: number
}

const restartLimitMs = 2_000
const pollMs = 5

/**
 * Kills control plane, PostgreSQL and Redis while calls come at a steady rate, halfway through one of the data planes too,
 * and holds the audit trail against the provider's own log once all are back.
 */
export async function proveOutage(
  { planes, database, settled }: Stage,
  { seconds, callsPerSecond }: OutageOptions,
  progress: Progress,
): Promise<OutageVerdict> {
  const { secret } = await issueKey(planes, planes.demo, { name: 'outage' })
  await planes.applied()
  await Promise.all([planes.controlPlane.kill(), planes.redis.kill(), database.kill()])
  progress('control plane, PostgreSQL and Redis are killed')

  const fleet = new Fleet(planes.dataPlanes, secret)
  const [calls, restartMs] = await Promise.all([
    callSteadily({ seconds, callsPerSecond }, (number) => fleet.call(`outage-${number}`)),
    delay((seconds * 1_000) / 2).then(() => fleet.killAndRestart()),
  ])
  const count = (outcome: CallOutcome) => calls.filter((each) => each === outcome).length
  const [failed, broken] = [count('failed'), count('broken')]
  progress(
    `${calls.length} calls, ${failed} failed, ${broken} broken by the kill; a restart took ${restartMs} ms`,
  )

  await database.start()
  await Promise.all([planes.redis.start(), planes.controlPlane.start()])
  await settled()
  const asked = planes.providerCalls().flatMap(({ user }) => user ?? [])
  const { missing, doubled } = compareWithWitness(asked, await readAuditTrail(planes))
  const isComplete = missing.length + doubled.length === 0 && asked.length > 0
  return {
    promise: `with control plane, PostgreSQL and Redis dead, ${callsPerSecond} calls/s are served for ${seconds} s, a killed data plane is back from its disk within ${restartLimitMs / 1_000} s, and all calls are in the audit trail once afterwards`,
    ...{ calls: calls.length, failed, broken, restartMs },
    ...{ missing: missing.length, doubled: doubled.length },
    kept: failed === 0 && restartMs <= restartLimitMs && isComplete,
  }
}

type CallOutcome = 'served' | 'failed' | 'broken'

/** Sends calls to the data planes that run, in turn, as a load balancer does. */
class Fleet {
  readonly #planes: readonly Plane[]
  readonly #virtualKey: string
  /** How often each was killed; a call that saw it grow died with its data plane. */
  readonly #kills = new Map<Plane, number>()
  readonly #down = new Set<Plane>()
  #turn = 0

  constructor(planes: readonly Plane[], virtualKey: string) {
    this.#planes = planes
    this.#virtualKey = virtualKey
  }

  async call(id: string): Promise<CallOutcome> {
    const running = this.#planes.filter((plane) => !this.#down.has(plane))
    const plane = running[this.#turn++ % running.length]
    if (!plane) throw new RangeError('no data plane runs')
    const kills = this.#kills.get(plane)
    if (await this.#isServed(plane, id)) return 'served'
    return this.#kills.get(plane) === kills ? 'failed' : 'broken'
  }

  /** @returns milliseconds from its start to the first call that it serves */
  async killAndRestart(): Promise<number> {
    const [plane] = this.#planes
    if (!plane) throw new RangeError('there is no data plane')
    this.#down.add(plane)
    this.#kills.set(plane, 1)
    await plane.kill()
    const startedAt = performance.now()
    await plane.start()
    for (let attempt = 1; !(await this.#isServed(plane, `restart-${attempt}`)); attempt += 1)
      await delay(pollMs)
    this.#down.delete(plane)
    return Math.round(performance.now() - startedAt)
  }

  async #isServed(plane: Plane, id: string): Promise<boolean> {
    const ask = { id, virtualKey: this.#virtualKey, model: 'demo-chat', manner: 'whole' } as const
    return (await call(plane, ask)) === 200
  }
}
