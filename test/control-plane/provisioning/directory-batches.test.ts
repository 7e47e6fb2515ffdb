import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { createUnits } from '../business-units.ts'
import { type DirectorySetup, startReconciled } from './directory-setup.ts'

let setup: DirectorySetup
const writes: string[] = []

beforeAll(async () => {
  setup = await startReconciled()
  const { customerId } = await createUnits(setup.api, setup.tenant, 'Acme Europe', ['engineers', 'readers'])
  const businessUnitRules = [{ claim: 'groups', value: '*', customerId }]
  await setup.mutate('updateIdentityProvider', { id: setup.providerId, businessUnitRules })
  const { query } = pg.Client.prototype
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const text = textOf(args[0])
    if (isWrite(text)) writes.push(text)
    return Reflect.apply(query, this, args)
  })
})
afterEach(async () => {
  for (const id of [...setup.directory.people.keys()]) setup.remove(id)
  await setup.sql('delete from directory_sync_runs')
  await setup.sql('update users set email = null')
  await setup.sql('delete from user_identities')
})
afterAll(async () => {
  vi.restoreAllMocks()
  await setup.close()
})

function textOf(query: unknown): string {
  return typeof query === 'object' && query !== null && 'text' in query ? String(query.text) : String(query)
}

/** Of what people are made of; the loops beside write none of it. */
function isWrite(text: string): boolean {
  return /^(insert into|update|delete from) "?(users|user_identities|memberships|role_assignments|audit_events|session_epochs|config_revisions|config_entities)\b/.test(
    text.trim(),
  )
}

const people = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name}-${at}`)

/** How many statements write what the directory says now. */
async function writesOf(mutation: 'importDirectoryUsers' | 'syncDirectory'): Promise<number> {
  await setup.mutate(mutation, { identityProviderId: setup.providerId })
  writes.length = 0
  await setup.reconcile()
  return writes.length
}

/** How often users of this name are of a business unit. */
async function unitMembers(name: string): Promise<unknown> {
  const [row] = await setup.sql(
    `select count(*)::int as members from memberships member join users person on person.id = member.user_id
     where member.business_unit_id is not null and person.name like ?`,
    [`Person ${name}%`],
  )
  return row?.members
}

describe('what a directory says of many people', () => {
  it('takes as many statements as of a few: to make users of them, to move them, to switch them off', async () => {
    const statements: Record<string, number[]> = { imported: [], moved: [], gone: [] }
    // The directory guards against more than ten who leave.
    for (const count of [2, 10]) {
      const ids = people(`of-${count}`, count)
      for (const id of ids) setup.put(id, ['engineers'])
      statements.imported?.push(await writesOf('importDirectoryUsers'))
      for (const id of ids) setup.put(id, ['readers'])
      statements.moved?.push(await writesOf('syncDirectory'))
      for (const id of ids) setup.remove(id)
      setup.put('stays', ['readers'])
      statements.gone?.push(await writesOf('syncDirectory'))
      expect((await setup.lastRun()).decommissioned).toBe(count)
      expect(await unitMembers(`of-${count}-`)).toBe(2 * count)
      expect(await setup.userOf(ids[0] ?? '')).toEqual({ active: false, roles: [], teams: [] })
    }
    // The team of the first is new once.
    for (const [few = 0, many = 0] of Object.values(statements)) expect(many).toBeLessThanOrEqual(few + 1)
  })

  it('is one revision, and each change of each of them an audit event of its own', async () => {
    const ids = people('audited', 5)
    for (const id of ids) setup.put(id, ['engineers'])
    const revision = async () => Number((await setup.sql('select revision from config_heads'))[0]?.revision)
    const before = await revision()
    await setup.mutate('importDirectoryUsers', { identityProviderId: setup.providerId })
    const events = () => setup.sql('select type, details from audit_events order by id')
    const known = (await events()).length
    await setup.reconcile()
    expect(await revision()).toBe(before + 1)
    const types = (await events()).slice(known).map(({ type }) => type)
    for (const type of [
      'user.created',
      'user.imported',
      'team.member_added',
      'business_unit.member_added',
      'role.assigned',
    ])
      expect(types.filter((one) => one === type)).toHaveLength(ids.length)
  })

  it('is one revision, in which data planes are told of each who is signed out', async () => {
    const [gone, moved] = [people('gone', 4), people('moved', 4)]
    for (const id of [...gone, ...moved]) await setup.know(id, ['engineers'])
    const revision = async () => Number((await setup.sql('select revision from config_heads'))[0]?.revision)
    const before = await revision()
    for (const id of gone) setup.remove(id)
    for (const id of moved) setup.put(id, ['nobody'])
    await setup.mutate('syncDirectory', { identityProviderId: setup.providerId })
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED', decommissioned: 4, updated: 4 })
    expect(await revision()).toBe(before + 1)
    const told = await setup.sql(
      `select from config_entities told join user_identities identity on identity.user_id = told.id
       where kind = 'token_holder' and document->'notBefore' is not null and subject = any(string_to_array(?, ' '))`,
      [[...gone, ...moved].join(' ')],
    )
    expect(told).toHaveLength(8)
  })

  it('is followed but for whoever cannot be, whatever the reason', async () => {
    await withClient(setup.api.testDatabase.superuserUrl, async (client) => {
      await client.query(`create function refuse_bad() returns trigger language plpgsql as $$
        begin raise exception 'not this one'; end $$`)
      await client.query(`create trigger refuse_bad before insert on users for each row
        when (new.name = 'Person bad') execute function refuse_bad()`)
    })
    const ids = people('good', 6)
    for (const id of [...ids.slice(0, 3), 'bad', ...ids.slice(3)]) setup.put(id, ['engineers'])
    // Of two with one address, one is first.
    setup.put('same', ['engineers'], { email: 'good-0@example.com' })
    await setup.mutate('importDirectoryUsers', { identityProviderId: setup.providerId })
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED', created: 6, errors: 2, skipped: 0 })
    for (const id of ids) expect((await setup.userOf(id)).roles).toEqual(['role_developer'])
    expect(await setup.userOf('bad')).toBeUndefined()
  })
})
