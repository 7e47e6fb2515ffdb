import { createClient } from '@redis/client'
import { expect, it } from 'vitest'
import { withClient } from '../../cli/embedded/database.ts'
import { createDatabase, redisUrl, startOwnRedis } from '../environment/index.ts'

it('gives each test a migrated database of its own', async () => {
  const [first, second] = await Promise.all([createDatabase(), createDatabase()])
  await withClient(first.ownerUrl, (client) => client.query('create table only_here ()'))
  const tables = await withClient(second.superuserUrl, (client) =>
    client.query("select table_name from information_schema.tables where table_schema = 'public'"),
  )
  const names = tables.rows.map((row) => row.table_name)
  expect(names).toContain('organizations')
  expect(names).not.toContain('only_here')
  await Promise.all([first.drop(), second.drop()])
})

it('signs the application in as a role that no row-level security policy exempts', async () => {
  const database = await createDatabase()
  const { rows } = await withClient(database.applicationUrl, (client) =>
    client.query('select rolsuper, rolbypassrls from pg_roles where rolname = current_user'),
  )
  expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false }])
  await database.drop()
})

it('gives each test an empty logical Redis database', async () => {
  const [first, second] = await Promise.all([redisUrl(), redisUrl()])
  expect(first).not.toBe(second)
  const client = await createClient({ url: first }).connect()
  expect(await client.dbSize()).toBe(0)
  await client.close()
})

it('brings a killed Redis back on its port', async () => {
  const first = await startOwnRedis()
  await first.kill()
  const second = await startOwnRedis({ port: first.port })
  const client = await createClient({ url: first.url }).connect()
  expect(await client.ping()).toBe('PONG')
  await client.close()
  await second.stop()
})
