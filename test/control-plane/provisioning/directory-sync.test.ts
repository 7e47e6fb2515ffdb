import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ControlPlane } from '../../../control-plane/app.ts'
import { performRun } from '../../../control-plane/provisioning/directory-sync.ts'
import { checkSessions } from '../../../control-plane/provisioning/session-check.ts'
import { type DirectorySetup, pass, startReconciled } from './directory-setup.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

let setup: DirectorySetup
let other: ControlPlane

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  setup = await startReconciled({
    sessions: { idleMs: 720 * 60_000, checkMs: 1_440 * 60_000, mostPerUser: 1_000 },
  })
  other = setup.other
})
afterEach(() => setup.forgetEverybody())
afterAll(async () => {
  vi.useRealTimers()
  await setup.close()
})

describe('the directory', () => {
  it('is asked nothing when somebody signs in or a session is refreshed [S1-14]', async () => {
    const before = setup.directory.requests.length
    const browser = await setup.signInAs('ann', ['engineers'])
    expect(await setup.statusOf(browser)).toBe(200)
    expect(setup.directory.requests.slice(before)).toEqual([])
  })

  it('is read once in 24 hours, however many control planes look', async () => {
    await setup.know('ann', ['readers'])
    const planes = [setup.api.controlPlane, other]
    expect(await setup.readsOf(() => setup.reconcile(...planes))).toBe(1)
    pass(dayMs - 1)
    expect(await setup.readsOf(() => setup.reconcile(...planes))).toBe(0)
    pass(1)
    expect(await setup.readsOf(() => setup.reconcile(...planes))).toBe(1)
    expect(await setup.readsOf(() => setup.reconcile(...planes))).toBe(0)
    pass(5 * dayMs)
    expect(await setup.readsOf(() => setup.reconcile(...planes))).toBe(1)
    expect((await setup.runs()).map(({ state, trigger }) => `${trigger} ${state}`)).toEqual(
      Array(3).fill('SCHEDULE SUCCEEDED'),
    )
  })

  it('is not read while reconciling is off', async () => {
    const { url } = setup.directory
    await setup.mutate('setDirectory', { identityProviderId: setup.providerId, url, reconcileEnabled: false })
    expect(await setup.readsOf(() => setup.reconcile())).toBe(0)
    await setup.mutate('setDirectory', { identityProviderId: setup.providerId, url })
  })
})

describe('somebody who is gone from the directory', () => {
  it('is switched off: their sessions end, and what the provider gave is taken, and nothing else [X0-08]', async () => {
    const browser = await setup.signInAs('gone', ['engineers'])
    await setup.know('stays', ['engineers'])
    const [{ user_id: userId } = {}] = await setup.sql(
      'select user_id from user_identities where subject = ?',
      ['gone'],
    )
    await setup.mutate('assignRole', { userId, roleId: 'role_viewer' })
    const { id: teamId } = await setup.mutate(
      'createTeam',
      { workspaceId: setup.tenant.workspaceId, name: 'by hand' },
      '... on Team { id }',
    )
    await setup.mutate('addTeamMember', { userId, teamId })
    setup.remove('gone')
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({
      state: 'SUCCEEDED',
      seen: 1,
      decommissioned: 1,
      leaving: 1,
      errors: 0,
    })
    expect(await setup.userOf('gone')).toEqual({ active: false, roles: ['role_viewer'], teams: ['by hand'] })
    expect(await setup.userOf('stays')).toMatchObject({ active: true, roles: ['role_developer'] })
    expect(await setup.statusOf(browser)).toBe(401)
    expect(await setup.sql('select id from sessions where user_id = ?', [userId])).toEqual([])
    const [told] = await setup.sql(`select document from config_entities where kind = 'user' and id = ?`, [
      userId,
    ])
    expect(told?.document).toMatchObject({ active: false })
    const events = await setup.sql(
      'select type, actor_kind, details from audit_events where subject_id = ? order by id',
      [userId],
    )
    expect(events.at(-1)).toMatchObject({
      ...{ type: 'user.decommissioned', actor_kind: 'identity_provider' },
      details: { reason: 'directory_gone' },
    })
  })

  it('is switched off soon after their provider refuses their session, and not a day later [S1-10]', async () => {
    const [left, stays] = [
      await setup.signInAs('left', ['engineers']),
      await setup.signInAs('here', ['engineers']),
    ]
    await setup.reconcile()
    setup.put('left', ['engineers'], { active: false })
    for (const login of ['left', 'here']) await setup.identityProvider.revokeGrantsOf(login)
    pass(15 * 60_000)
    const check = () => checkSessions(setup.api.controlPlane.services, { checkMs: 15 * 60_000 })
    expect(await setup.readsOf(check)).toBe(0)
    expect(await Promise.all([left, stays].map(setup.statusOf))).toEqual([401, 401])
    expect(await setup.readsOf(() => setup.reconcile(setup.api.controlPlane, other))).toBe(1)
    expect(await setup.userOf('left')).toMatchObject({ active: false, roles: [] })
    expect(await setup.userOf('here')).toMatchObject({ active: true })
    expect((await setup.runs()).map(({ trigger }) => trigger)).toEqual(['REFUSAL', 'SCHEDULE'])
  })

  it('is switched off too where the directory says that they are inactive', async () => {
    await setup.know('asleep', ['engineers'])
    await setup.know('stays', ['engineers'])
    setup.put('asleep', ['engineers'], { active: false })
    await setup.reconcile()
    expect(await setup.userOf('asleep')).toEqual({ active: false, roles: [], teams: [] })
  })

  it('is switched off again by the next reading where somebody switched them on meanwhile', async () => {
    const id = await setup.know('gone', ['engineers'])
    await setup.know('stays', ['engineers'])
    setup.remove('gone')
    await setup.reconcile()
    await setup.mutate('updateUser', { id, active: true })
    expect((await setup.userOf('gone')).active).toBe(true)
    pass(dayMs)
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ decommissioned: 1, leaving: 1 })
    expect((await setup.userOf('gone')).active).toBe(false)
    pass(dayMs)
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ decommissioned: 0, leaving: 0 })
  })

  it('has their access again when they are back, unless somebody switched them off by hand', async () => {
    await setup.know('back', ['engineers'])
    const byHand = await setup.know('by-hand', ['engineers'])
    await setup.know('stays', ['engineers'])
    setup.remove('back')
    await setup.mutate('updateUser', { id: byHand, active: false })
    await setup.reconcile()
    setup.put('back', ['readers'])
    pass(dayMs)
    await setup.reconcile()
    expect(await setup.userOf('back')).toEqual({ active: true, roles: ['role_viewer'], teams: ['readers'] })
    expect((await setup.userOf('by-hand')).active).toBe(false)
  })
})

describe('what the directory says of somebody', () => {
  it('changes role and teams of this source, up or down [S1-11]', async () => {
    const browser = await setup.signInAs('moved', ['gatehouse-admins', 'engineers'])
    setup.put('moved', ['readers'])
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ updated: 1, decommissioned: 0 })
    expect(await setup.userOf('moved')).toEqual({ active: true, roles: ['role_viewer'], teams: ['readers'] })
    expect((await setup.viewerOf(browser)).role.name).toBe('viewer')
    pass(dayMs)
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ updated: 0, skipped: 0 })
  })

  it('ends their sessions where no rule gives them anything any more', async () => {
    const browser = await setup.signInAs('nothing', ['engineers'])
    setup.put('nothing', ['others'])
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ updated: 1, leaving: 1 })
    expect(await setup.userOf('nothing')).toEqual({ active: true, roles: [], teams: ['others'] })
    expect(await setup.statusOf(browser)).toBe(401)
  })

  it('makes no user of anybody unless that is wanted', async () => {
    setup.put('newcomer', ['engineers'])
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ seen: 1, created: 0, skipped: 1 })
    const { url } = setup.directory
    await setup.mutate('setDirectory', { identityProviderId: setup.providerId, url, importsUsers: true })
    setup.put('unruled', [])
    pass(dayMs)
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ seen: 2, created: 1, skipped: 1 })
    expect(await setup.userOf('newcomer')).toEqual({
      active: true,
      roles: ['role_developer'],
      teams: ['engineers'],
    })
    await setup.mutate('setDirectory', { identityProviderId: setup.providerId, url })
  })
})

describe('a run', () => {
  async function request(): Promise<{ id: string; organizationId: string }> {
    const { id } = await setup.sync()
    return { id: String(id), organizationId: setup.tenant.organizationId }
  }

  it('that a process did not end is gone on with from the page that is missing', async () => {
    for (let at = 0; at < 5; at += 1) await setup.know(`p${at}`, ['engineers'])
    setup.remove('p0')
    const run = await request()
    const stopping = new AbortController()
    setup.directory.behaviour.instead = ({ path }) => {
      if (path === '/api/v1/users') stopping.abort()
      return undefined
    }
    await performRun(setup.api.controlPlane.services, run, stopping.signal)
    expect(await setup.lastRun()).toMatchObject({ state: 'READING', decommissioned: 0 })
    setup.directory.behaviour.instead = null
    const groupReads = () => setup.directory.requests.filter((request) => request.includes('/groups')).length
    const before = groupReads()
    // Nobody takes it while it may still be somebody's.
    expect(await performRun(other.services, run)).toBe(false)
    pass(3 * 60_000)
    expect(await performRun(other.services, run)).toBe(true)
    expect(groupReads()).toBe(before)
    expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED', seen: 4, decommissioned: 1 })
  })

  it('waits for a directory that is away, and begins again where it was', async () => {
    await setup.know('stays', ['engineers'])
    const run = await request()
    setup.directory.behaviour.instead = ({ path }) =>
      path === '/api/v1/users' ? { status: 503, headers: { 'retry-after': '0' } } : undefined
    await performRun(setup.api.controlPlane.services, run)
    expect(await setup.lastRun()).toMatchObject({ state: 'READING' })
    setup.directory.behaviour.instead = null
    pass(14 * 60_000)
    expect(await performRun(setup.api.controlPlane.services, run)).toBe(false)
    pass(60_000)
    expect(await performRun(setup.api.controlPlane.services, run)).toBe(true)
    expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED' })
  })

  it('is one at a time', async () => {
    const { id } = await request()
    expect(await setup.sync()).toMatchObject({ code: 'DIRECTORY_SYNC_UNDER_WAY' })
    await setup.reconcile()
    expect((await setup.runs()).map((run) => run.id)).toEqual([id])
  })

  it('goes past somebody whom it cannot follow', async () => {
    await setup.know('owner', ['engineers'])
    setup.put('taken', ['engineers'], { email: 'owner@example.com' })
    setup.put('free', ['engineers'], { email: 'free@example.com' })
    await setup.mutate('importDirectoryUsers', { identityProviderId: setup.providerId })
    await setup.reconcile()
    const run = (await setup.runs()).find(({ trigger }) => trigger === 'IMPORT')
    expect(run).toMatchObject({ state: 'SUCCEEDED', created: 1, errors: 1 })
    expect((await setup.userOf('free')).roles).toEqual(['role_developer'])
  })
})
