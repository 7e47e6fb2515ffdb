import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { eventually } from '../../transport/poll.ts'
import { type DirectorySetup, pass, startReconciled } from './directory-setup.ts'

const dayMs = 24 * 3_600_000

let setup: DirectorySetup

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  setup = await startReconciled()
})
afterEach(() => setup.forgetEverybody())
afterAll(async () => {
  vi.useRealTimers()
  await setup.close()
})

/** Somebody whom the directory had and has no more. @returns the user's id */
async function leave(id: string): Promise<string> {
  const userId = await setup.know(id, ['engineers'])
  await setup.know('stays', ['engineers'])
  setup.remove(id)
  await reconcile()
  return userId
}

async function reconcile(): Promise<void> {
  pass(dayMs)
  await setup.reconcile()
  expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED', errors: 0 })
}

async function isActive(userId: string): Promise<unknown> {
  const [row] = await setup.sql('select active from users where id = ?', [userId])
  return row?.active
}

async function revision(): Promise<number> {
  return Number((await setup.sql('select revision from config_heads'))[0]?.revision)
}

/** Has an administrator switch somebody off after a reading was held against them, and before it is followed. */
async function switchOffWhile(id: string, followed: () => Promise<void>): Promise<void> {
  await withClient(setup.api.testDatabase.superuserUrl, async (client) => {
    const waiting = async (count: number) => {
      const { rows } = await client.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows.length === count || undefined
    }
    await client.query('begin')
    await client.query('select from users where id = $1 for update', [id])
    const switchedOff = setup.mutate('updateUser', { id, active: false })
    await eventually('the administrator waits', () => waiting(1))
    const following = followed()
    await eventually('the reading waits', () => waiting(2))
    await client.query('commit')
    await Promise.all([switchedOff, following])
  })
}

describe('somebody whom their directory switched off is left off when it has them again', () => {
  it('where an administrator switched them off too, and on again by an administrator alone', async () => {
    const id = await leave('both')
    await setup.mutate('updateUser', { id, active: false })
    setup.put('both', ['engineers'])
    await reconcile()
    expect(await isActive(id)).toBe(false)
    expect(await setup.lastRun()).toMatchObject({ updated: 0, skipped: 1 })
    await setup.mutate('updateUser', { id, active: true })
    await reconcile()
    expect(await isActive(id)).toBe(true)
  })

  it('where an administrator switched them on and a roll-back off', async () => {
    const id = await leave('rolled-back')
    const before = await revision()
    await setup.mutate('updateUser', { id, active: true })
    await setup.mutate('rollBackConfiguration', { revision: before })
    expect(await isActive(id)).toBe(false)
    setup.put('rolled-back', ['engineers'])
    await reconcile()
    expect(await isActive(id)).toBe(false)
  })

  it('where an administrator switches them off while it is being followed', async () => {
    const id = await leave('meanwhile')
    setup.put('meanwhile', ['engineers'])
    await switchOffWhile(id, reconcile)
    expect(await isActive(id)).toBe(false)
  })

  it('where an administrator switched them off before the reading that has them no more did', async () => {
    const id = await setup.know('first', ['engineers'])
    await setup.know('stays', ['engineers'])
    setup.remove('first')
    await switchOffWhile(id, reconcile)
    expect(await setup.lastRun()).toMatchObject({ decommissioned: 0, skipped: 1 })
    setup.put('first', ['engineers'])
    await reconcile()
    expect(await isActive(id)).toBe(false)
  })
})
