import { expect, test } from 'vitest'
import { DatabaseServer } from '../../chaos/database-server.ts'
import { proveFrozenDatabase } from '../../prove/frozen-database.ts'
import { startPlanes } from '../acceptance/planes.ts'

const isLinux = process.platform === 'linux'

test.runIf(isLinux)(
  'while PostgreSQL is frozen requests are refused and calls are served; nothing that was refused is done later',
  async () => {
    await using ends = new AsyncDisposableStack()
    const database = await DatabaseServer.start()
    ends.defer(() => database.remove())
    const planes = await startPlanes({
      superuserUrl: database.superuserUrl,
      dataPlanes: 1,
      controlPlaneEnvironment: { GRAPHQL_OPERATION_TIMEOUT_SECONDS: '3' },
    })
    ends.defer(() => planes.stop())
    const options = { frozenSeconds: 10, operationSeconds: 3 }
    const { asked, ...verdict } = await proveFrozenDatabase(planes, database, options)
    expect(asked).toBeGreaterThan(20)
    expect(verdict).toMatchObject({ madeAllTheSame: 0, failedCalls: 0 })
    expect(verdict.refused).toBeGreaterThan(asked / 2)
  },
  120_000,
)
