import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type DirectorySetup, startReconciled } from './directory-setup.ts'

let setup: DirectorySetup

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  setup = await startReconciled({
    sessions: { idleMs: 720 * 60_000, checkMs: 1_440 * 60_000, mostPerUser: 1_000 },
  })
})
afterEach(() => setup.forgetEverybody())
afterAll(async () => {
  vi.useRealTimers()
  await setup.close()
})

describe('nobody loses anything', () => {
  async function knowMany(count: number, groups = ['engineers']): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, at) => `many-${at}`)
    for (const id of ids) await setup.know(id, groups)
    return ids
  }
  const activeUsers = async () => {
    const [row] = await setup.sql(
      'select count(*)::int as users from user_identities i join users u on u.id = i.user_id where u.active',
    )
    return row?.users
  }

  it('where more than 10 people and more than 10 % would; somebody confirms as many, and no more', async () => {
    const ids = await knowMany(15)
    for (const id of ids.slice(0, 11)) setup.remove(id)
    await setup.reconcile()
    const held = await setup.lastRun()
    expect(held).toMatchObject({ state: 'GUARDED', leaving: 11, decommissioned: 0 })
    expect(held.message).toContain('11 of 15 users')
    expect(await activeUsers()).toBe(15)
    const [event] = await setup.sql(
      `select details from audit_events where type = 'directory_sync.held_back' order by id desc`,
    )
    expect(event?.details).toMatchObject({ leaving: 11 })
    setup.remove(ids[11] ?? '')
    expect(await setup.sync({ confirmsRunId: held.id })).toMatchObject({ state: 'WAITING' })
    await setup.reconcile()
    const again = await setup.lastRun()
    expect(again).toMatchObject({ state: 'GUARDED', leaving: 12 })
    expect(await setup.sync({ confirmsRunId: held.id })).toMatchObject({ code: 'NOTHING_TO_CONFIRM' })
    await setup.sync({ confirmsRunId: again.id })
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED', decommissioned: 12 })
    expect(await activeUsers()).toBe(3)
  })

  it('where 10 of them would, it happens', async () => {
    const ids = await knowMany(12)
    for (const id of ids.slice(0, 10)) setup.remove(id)
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED', decommissioned: 10 })
  })

  it('where groups vanish for everybody at once', async () => {
    const ids = await knowMany(12)
    for (const id of ids) setup.put(id, [])
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ state: 'GUARDED', leaving: 12, updated: 0 })
  })

  it.each([
    ['groups vanish for everybody at once and a default role is left', ['engineers'], []],
    ['everybody gets a lower role', ['engineers'], ['readers']],
    ['everybody loses their teams', ['others'], []],
  ])('where %s', async (_what, before, after) => {
    const { providerId: id } = setup
    await setup.mutate('updateIdentityProvider', { id, defaultRoleId: 'role_viewer' })
    const ids = await knowMany(12, before)
    for (const one of ids) setup.put(one, after)
    await setup.reconcile()
    await setup.mutate('updateIdentityProvider', { id, defaultRoleId: null })
    expect(await setup.lastRun()).toMatchObject({ state: 'GUARDED', leaving: 12, updated: 0 })
    const { teams } = await setup.userOf(ids[0] ?? '')
    expect(teams).toEqual(before)
  })

  it('where everybody gets a higher role and other teams, it happens', async () => {
    const ids = await knowMany(12, ['readers'])
    for (const id of ids) setup.put(id, ['engineers'])
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED', leaving: 0, updated: 12 })
  })

  it.each([
    ['shows nobody', () => ({ body: [] }), 'FAILED'],
    ['refuses its second page', undefined, 'FAILED'],
    ['does not answer in JSON', () => ({ body: undefined }), 'FAILED'],
  ])('where the directory %s', async (_what, instead, state) => {
    await setup.know('stays', ['engineers'])
    await setup.know('also', ['engineers'])
    setup.remove('also')
    let pages = 0
    setup.directory.behaviour.instead = ({ path, origin }) => {
      if (path !== '/api/v1/users') return undefined
      if (instead) return instead()
      pages += 1
      if (pages > 1) return { status: 403 }
      return { headers: { link: `<${origin}/api/v1/users?after=1>; rel="next"` }, body: [] }
    }
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ state, decommissioned: 0, updated: 0 })
    expect(await activeUsers()).toBe(2)
    expect(await setup.sql('select subject from directory_people')).toEqual([])
  })

  it('in a dry run, which counts', async () => {
    await setup.know('gone', ['engineers'])
    await setup.know('moved', ['engineers'])
    setup.remove('gone')
    setup.put('moved', ['readers'])
    await setup.sync({ dryRun: true })
    await setup.reconcile()
    const run = (await setup.runs()).find(({ trigger }) => trigger === 'REQUEST')
    expect(run).toMatchObject({ state: 'SUCCEEDED', decommissioned: 1, updated: 1 })
    expect((await setup.userOf('gone')).active).toBe(true)
    expect((await setup.userOf('moved')).roles).toEqual(['role_developer'])
  })
})
