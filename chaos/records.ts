import { nodeStatus } from '../test/acceptance/calls.ts'
import { eventually } from '../test/acceptance/gateway.ts'
import { issueKey } from '../test/acceptance/keys.ts'
import { type Planes, startPlanes } from '../test/acceptance/planes.ts'
import { readAuditTrail } from './audit-trail.ts'
import { DatabaseServer } from './database-server.ts'
import { inflict, type Victim } from './faults.ts'
import { controlPlane, dataPlane, planFaults, postgres, redis, type ScheduleOptions } from './schedule.ts'
import { makeTraffic } from './traffic.ts'
import { compareWithWitness, type Differences } from './witness.ts'

export interface RecordsVerdict {
  readonly scenario: 'records'
  readonly seed: number
  readonly faults: number
  /** Calls that the provider was asked, by its own log. */
  readonly calls: number
  readonly missing: number
  readonly doubled: number
  readonly invented: number
}

export interface RecordsOutcome {
  readonly verdict: RecordsVerdict
  readonly differences: Differences
}

const callersOfEach = 8
const settleLimitMs = 120_000

/**
 * Whatever is killed while calls are made: each call that the provider was asked is in the audit trail exactly once.
 * The witness is the provider's own log, which no fault touches.
 */
export async function proveRecords(
  options: ScheduleOptions,
  progress: (line: string) => void,
): Promise<RecordsOutcome> {
  await using ends = new AsyncDisposableStack()
  const database = await DatabaseServer.start()
  ends.defer(() => database.remove())
  const planes = await startPlanes({ ...options, superuserUrl: database.superuserUrl })
  ends.defer(() => planes.stop())
  // Money has a scenario of its own; a key without a budget is served in every outage.
  const { secret: virtualKey } = await issueKey(planes, planes.demo, { name: 'chaos' })
  await planes.applied()

  const [traffic, faults] = await Promise.all([
    makeTraffic({ ...options, dataPlanes: planes.dataPlanes, virtualKey, callers: callersOfEach }),
    inflict(planFaults(options), victimsOf(planes, database), progress),
  ])
  progress(`${traffic.served} of ${traffic.made} calls were served; waiting for their records`)
  await settled(planes)

  const asked = planes.providerCalls().flatMap(({ user }) => user ?? [])
  const differences = compareWithWitness(asked, await readAuditTrail(planes))
  return {
    verdict: {
      scenario: 'records',
      seed: options.seed,
      faults: faults.length,
      calls: asked.length,
      missing: differences.missing.length,
      doubled: differences.doubled.length,
      invented: differences.invented.length,
    },
    differences,
  }
}

export function isKept({ missing, doubled, invented, calls }: RecordsVerdict): boolean {
  return calls > 0 && missing + doubled + invented === 0
}

function victimsOf(planes: Planes, database: DatabaseServer): ReadonlyMap<string, Victim> {
  return new Map<string, Victim>([
    [redis, planes.redis],
    [controlPlane, planes.controlPlane],
    [postgres, database],
    ...planes.dataPlanes.map((plane, index) => [dataPlane(index), plane] as const),
  ])
}

/** Every data plane knows that all it has recorded is in the database. */
async function settled({ dataPlanes }: Planes): Promise<void> {
  for (const plane of dataPlanes) {
    await eventually(
      async () => (await nodeStatus(plane)).counters.eventBacklog === 0,
      settleLimitMs,
      () => plane.output.slice(-4_000),
    )
  }
}
