import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { type Database, openDatabase } from '../../../control-plane/db/database.ts'
import { createDatabase, type TestDatabase } from '../../environment/index.ts'

let testDatabase: TestDatabase
let database: Database
beforeEach(async () => {
  testDatabase = await createDatabase()
  const url = testDatabase.applicationUrl
  database = await openDatabase({ url, statementTimeoutSeconds: 2, maxConnections: 2 })
})
afterEach(async () => {
  await database.close()
  await testDatabase.drop()
})

const organization = 'org_1'

it('a transaction that is held too long is cut off, and nothing of it stays', async () => {
  const held = database.transaction(organization, async (em) => {
    await em.execute("insert into organizations (id, name, created_at) values ('org_1', 'Held', now())")
    // No statement runs, so that none of the database's own limits counts.
    await delay(4_000)
  })
  await expect(held).rejects.toThrow()
  const find = () => database.transaction(organization, (em) => em.execute('select id from organizations'))
  expect(await find()).toEqual([])
})

it('connections that break within transactions are replaced, however many do', async () => {
  const breakOne = () =>
    database.transaction(organization, async (em) => {
      const [session] = await em.execute<{ pid: number }[]>('select pg_backend_pid() as pid')
      const end = `select pg_terminate_backend(${session?.pid})`
      await withClient(testDatabase.superuserUrl, (client) => client.query(end))
      await em.execute('select 1')
    })
  for (let broken = 0; broken < 5; broken += 1) await expect(breakOne()).rejects.toThrow()
  await expect(database.ping()).resolves.toBeUndefined()
})
