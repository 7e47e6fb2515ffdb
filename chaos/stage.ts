import { nodeStatus } from '../test/acceptance/calls.ts'
import { eventually } from '../test/acceptance/gateway.ts'
import type { Plane } from '../test/acceptance/plane.ts'
import { type Planes, startPlanes } from '../test/acceptance/planes.ts'
import { DatabaseServer } from './database-server.ts'
import { inflict, type Victim } from './faults.ts'
import { controlPlane, dataPlane, type Fault, postgres, redis } from './schedule.ts'

const settleLimitMs = 120_000

/** Everything that a scenario runs on, each process on its own. The provider is the only one that no fault touches. */
export interface Stage {
  readonly planes: Planes
  readonly database: DatabaseServer
  /** Resolves once all that was hit is back. @returns the faults that happened */
  inflict(faults: readonly Fault[], progress: (line: string) => void): Promise<readonly Fault[]>
  /** Every data plane knows that all it has recorded is in the database, and waits for no lease. */
  settled(): Promise<void>
}

/** @param ends what takes it all down again */
export async function openStage(dataPlanes: number, ends: AsyncDisposableStack): Promise<Stage> {
  const database = await DatabaseServer.start()
  ends.defer(() => database.remove())
  const planes = await startPlanes({ dataPlanes, superuserUrl: database.superuserUrl })
  ends.defer(() => planes.stop())
  const victims = new Map<string, Victim>([
    [redis, planes.redis],
    [controlPlane, planes.controlPlane],
    [postgres, database],
    ...planes.dataPlanes.map((plane, index) => [dataPlane(index), plane] as const),
  ])
  return {
    planes,
    database,
    inflict: (faults, progress) => inflict(faults, victims, progress),
    async settled() {
      for (const plane of planes.dataPlanes) {
        const isSettled = async () =>
          (await nodeStatus(plane)).counters.eventBacklog === 0 && !(await awaitsLeases(plane))
        await eventually(isSettled, settleLimitMs, () => plane.output.slice(-4_000))
      }
    },
  }
}

/** A grant that is still to come is in nobody's hands, and yet counts as gone. */
async function awaitsLeases(plane: Plane): Promise<boolean> {
  const metrics = await (await fetch(`${plane.address('statusUrl')}/metrics`)).text()
  return !/^gatehouse_lease_unanswered_seconds 0$/m.test(metrics)
}
