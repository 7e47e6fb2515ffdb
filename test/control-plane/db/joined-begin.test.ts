import pg from 'pg'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type Database, openDatabase } from '../../../control-plane/db/database.ts'
import { createDatabase, type TestDatabase } from '../../environment/index.ts'

let testDatabase: TestDatabase
let database: Database
const messages: string[] = []

beforeAll(async () => {
  testDatabase = await createDatabase()
  const { query } = pg.Client.prototype
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    if (args[0] !== 'select 1') messages.push(String(args[0]))
    return Reflect.apply(query, this, args)
  })
  database = await openDatabase({ url: testDatabase.applicationUrl, maxConnections: 1 })
})
afterAll(async () => {
  vi.restoreAllMocks()
  await database.close()
  await testDatabase.drop()
})

const organizationsSeen = () =>
  database.transaction('org_1', (em) => em.execute<{ id: string }[]>('select id from organizations'))
const insert = "insert into organizations (id, name, created_at) values ('org_1', 'Acme', now())"

it('a transaction begins in the message that says whose rows it sees', async () => {
  messages.length = 0
  expect(await organizationsSeen()).toEqual([])
  expect(messages).toEqual([
    expect.stringMatching(/^begin; select set_config\('gatehouse\.org_id', 'org_1', true\)/),
    'select id from organizations',
    'commit',
  ])
})

it('what fails takes everything with it, and the connection serves the next one', async () => {
  const failing = database.transaction('org_1', async (em) => {
    await em.execute(insert)
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(messages.at(-1)).toBe('rollback')
  expect(await organizationsSeen()).toEqual([])
})

it('one that cannot begin leaves no transaction open', async () => {
  // No text of PostgreSQL holds this character.
  const unspeakable = database.transaction('org_\0', (em) => em.execute('select 1 as one'))
  await expect(unspeakable).rejects.toThrow()
  await database.transaction('org_1', (em) => em.execute(insert))
  // Seen from a connection of its own, so that it is committed.
  const other = await openDatabase({ url: testDatabase.applicationUrl, maxConnections: 1 })
  const seen = await other.transaction('org_1', (em) => em.execute('select id from organizations'))
  expect(seen).toEqual([{ id: 'org_1' }])
  await other.close()
})

it('outside of transactions nothing begins', async () => {
  messages.length = 0
  await database.organizationIds()
  expect(messages).toEqual(['select org_id from config_heads'])
})
