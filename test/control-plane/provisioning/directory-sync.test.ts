import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import type { ControlPlane } from '../../../control-plane/app.ts'
import { performRun } from '../../../control-plane/provisioning/directory-sync.ts'
import { checkSessions } from '../../../control-plane/provisioning/session-check.ts'
import type { Browser } from '../../environment/browser.ts'
import { createProvider, viewerQuery } from '../http/signed-in.ts'
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

const statusOf = async (browser: Browser) => (await setup.ask(browser, viewerQuery)).status
const userReads = () =>
  setup.directory.requests.filter((request) => request.startsWith('GET /api/v1/users')).length

async function signIn(id: string, groups: readonly string[]): Promise<Browser> {
  setup.put(id, groups)
  return (await setup.signIn(setup.describePerson(id, { groups, email: `${id}@example.com` }))).browser
}

/** A session whose provider stands by it no more. */
async function beginRefused(userId: string, providerId: string): Promise<void> {
  const claims = Buffer.from(JSON.stringify({ iss: setup.identityProvider.issuer })).toString('base64url')
  await setup.api.controlPlane.services.sessions.begin({
    ...{ organizationId: setup.tenant.organizationId, userId, providerId, subject: 'somebody' },
    ...{ providerSessionId: null, authenticatedAt: Date.now(), userAgent: '', address: '' },
    ...{ authenticationMethods: [], authenticationClass: null, authenticationContexts: [] },
    secrets: { idToken: `e30.${claims}.e30`, refreshToken: 'of nobody' },
  })
}

async function readsOf(work: () => Promise<unknown>): Promise<number> {
  const before = userReads()
  await work()
  return userReads() - before
}

const sync = (input: object = {}) =>
  setup.mutate(
    'syncDirectory',
    { identityProviderId: setup.providerId, ...input },
    '... on DirectorySyncRun { id state }',
  )

describe('the directory', () => {
  it('is asked nothing when somebody signs in or a session is refreshed [S1-14]', async () => {
    const before = setup.directory.requests.length
    const browser = await signIn('ann', ['engineers'])
    expect(await statusOf(browser)).toBe(200)
    expect(setup.directory.requests.slice(before)).toEqual([])
  })

  it('is read once in 24 hours, however many control planes look', async () => {
    await setup.know('ann', ['readers'])
    const planes = [setup.api.controlPlane, other]
    expect(await readsOf(() => setup.reconcile(...planes))).toBe(1)
    pass(dayMs - 1)
    expect(await readsOf(() => setup.reconcile(...planes))).toBe(0)
    pass(1)
    expect(await readsOf(() => setup.reconcile(...planes))).toBe(1)
    expect(await readsOf(() => setup.reconcile(...planes))).toBe(0)
    pass(5 * dayMs)
    expect(await readsOf(() => setup.reconcile(...planes))).toBe(1)
    expect((await setup.runs()).map(({ state, trigger }) => `${trigger} ${state}`)).toEqual(
      Array(3).fill('SCHEDULE SUCCEEDED'),
    )
  })

  it('is not read while reconciling is off', async () => {
    const { url } = setup.directory
    await setup.mutate('setDirectory', { identityProviderId: setup.providerId, url, reconcileEnabled: false })
    expect(await readsOf(() => setup.reconcile())).toBe(0)
    await setup.mutate('setDirectory', { identityProviderId: setup.providerId, url })
  })
})

describe('somebody who is gone from the directory', () => {
  it('is switched off: their sessions end, and what the provider gave is taken, and nothing else [X0-08]', async () => {
    const browser = await signIn('gone', ['engineers'])
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
    expect(await statusOf(browser)).toBe(401)
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
    const [left, stays] = [await signIn('left', ['engineers']), await signIn('here', ['engineers'])]
    await setup.reconcile()
    setup.put('left', ['engineers'], { active: false })
    for (const login of ['left', 'here']) await setup.identityProvider.revokeGrantsOf(login)
    pass(15 * 60_000)
    const check = () => checkSessions(setup.api.controlPlane.services, { checkMs: 15 * 60_000 })
    expect(await readsOf(check)).toBe(0)
    expect(await Promise.all([left, stays].map(statusOf))).toEqual([401, 401])
    expect(await readsOf(() => setup.reconcile(setup.api.controlPlane, other))).toBe(1)
    expect(await setup.userOf('left')).toMatchObject({ active: false, roles: [] })
    expect(await setup.userOf('here')).toMatchObject({ active: true })
    expect((await setup.runs()).map(({ trigger }) => trigger)).toEqual(['REFUSAL', 'SCHEDULE'])
  })

  it('is switched off 15 minutes after the reading that came too early for them', async () => {
    const check = () => checkSessions(setup.api.controlPlane.services, { checkMs: 15 * minuteMs })
    const leave = async (login: string) => {
      setup.put(login, ['engineers'], { active: false })
      await setup.identityProvider.revokeGrantsOf(login)
    }
    await signIn('first', ['engineers'])
    await setup.know('stays', ['engineers'])
    await setup.reconcile()
    pass(5 * minuteMs)
    const second = await signIn('second', ['engineers'])
    await leave('first')
    pass(10 * minuteMs)
    await check()
    await setup.reconcile()
    await leave('second')
    pass(5 * minuteMs)
    await Promise.all([check(), check()])
    expect(await statusOf(second)).toBe(401)
    pass(10 * minuteMs - 1)
    expect(await readsOf(() => setup.reconcile())).toBe(0)
    expect(await setup.userOf('second')).toMatchObject({ active: true })
    pass(1)
    expect(await readsOf(() => setup.reconcile(setup.api.controlPlane, other))).toBe(1)
    expect(await setup.userOf('second')).toMatchObject({ active: false })
    pass(15 * minuteMs)
    expect(await readsOf(() => setup.reconcile())).toBe(0)
    expect((await setup.runs()).map(({ trigger }) => trigger)).toEqual(['REFUSAL', 'REFUSAL', 'SCHEDULE'])
  })

  it('is switched off after a run that is under way and may have read them before', async () => {
    await signIn('left', ['engineers'])
    await setup.know('stays', ['engineers'])
    await setup.reconcile()
    pass(15 * minuteMs)
    await sync({ dryRun: true })
    setup.remove('left')
    await setup.identityProvider.revokeGrantsOf('left')
    await checkSessions(setup.api.controlPlane.services, { checkMs: 15 * minuteMs })
    await setup.reconcile()
    expect(await setup.userOf('left')).toMatchObject({ active: true })
    await setup.reconcile()
    expect(await setup.userOf('left')).toMatchObject({ active: false })
    expect((await setup.runs()).map(({ trigger }) => trigger)).toEqual(['REFUSAL', 'REQUEST', 'SCHEDULE'])
  })

  it('is switched off after a run that another refusal asked for and that may have read them before', async () => {
    const check = () => checkSessions(setup.api.controlPlane.services, { checkMs: 15 * minuteMs })
    for (const login of ['first', 'second']) await signIn(login, ['engineers'])
    await setup.reconcile()
    for (const login of ['first', 'second']) {
      await setup.identityProvider.revokeGrantsOf(login)
      pass(15 * minuteMs)
      await check()
    }
    await setup.reconcile()
    setup.put('second', ['engineers'], { active: false })
    await setup.reconcile()
    expect(await setup.userOf('second')).toMatchObject({ active: false })
    expect((await setup.runs()).map(({ trigger }) => trigger)).toEqual(['REFUSAL', 'REFUSAL', 'SCHEDULE'])
  })

  it.each([
    ['REFUSAL', ['REFUSAL', 'REFUSAL', 'SCHEDULE']],
    ['SCHEDULE', ['REFUSAL', 'SCHEDULE']],
  ])(
    'is switched off by another reading where the one (%s) that their session’s refusal asked for fails',
    async (trigger, triggers) => {
      await signIn('left', ['engineers'])
      await setup.know('stays', ['engineers'])
      if (trigger === 'REFUSAL') await setup.reconcile()
      setup.remove('left')
      await setup.identityProvider.revokeGrantsOf('left')
      pass(15 * minuteMs)
      await checkSessions(setup.api.controlPlane.services, { checkMs: 15 * minuteMs })
      setup.directory.behaviour.instead = () => ({ status: 403 })
      await setup.reconcile()
      expect(await setup.lastRun()).toMatchObject({ trigger, state: 'FAILED' })
      setup.directory.behaviour.instead = null
      pass(15 * minuteMs)
      await setup.reconcile()
      expect(await setup.lastRun()).toMatchObject({ trigger: 'REFUSAL', state: 'SUCCEEDED' })
      expect(await setup.userOf('left')).toMatchObject({ active: false })
      pass(15 * minuteMs)
      expect(await readsOf(() => setup.reconcile())).toBe(0)
      expect((await setup.runs()).map((run) => run.trigger)).toEqual(triggers)
    },
  )

  it('has their directory read although that of another provider cannot be asked for', async () => {
    const { api, tenant, directory, identityProvider, providerId } = setup
    const { issuer, clientId, clientSecret } = identityProvider
    const described = { name: 'second', kind: 'OKTA', issuer, clientId, clientSecret }
    const secondId = await createProvider(api, tenant, described)
    const account = { identityProviderId: secondId, url: directory.url, secret: 'an-api-token' }
    await setup.mutate('setDirectory', account)
    const userId = await setup.know('somebody', ['engineers'])
    for (const id of [providerId, secondId]) await beginRefused(userId, id)
    await withClient(api.testDatabase.superuserUrl, async (client) => {
      await client.query(`create sequence asked; grant usage on sequence asked to public;
        create function fail_once() returns trigger language plpgsql as $$ begin
          if nextval('asked') = 1 then raise exception 'not now'; end if;
          return new;
        end $$;
        create trigger fail_once before insert on directory_refusals for each row execute function fail_once()`)
      pass(15 * minuteMs)
      await checkSessions(api.controlPlane.services, { checkMs: 15 * minuteMs })
      await client.query('drop trigger fail_once on directory_refusals')
    })
    const runs = await setup.sql('select provider_id from directory_sync_runs')
    await setup.sql('update identity_providers set enabled = false where id = ?', [secondId])
    expect(await setup.sql('select id from sessions where user_id = ?', [userId])).toEqual([])
    expect(runs).toHaveLength(1)
    await setup.sql('delete from directory_refusals')
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
    const browser = await signIn('moved', ['gatehouse-admins', 'engineers'])
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
    const browser = await signIn('nothing', ['engineers'])
    setup.put('nothing', ['others'])
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ updated: 1, leaving: 1 })
    expect(await setup.userOf('nothing')).toEqual({ active: true, roles: [], teams: ['others'] })
    expect(await statusOf(browser)).toBe(401)
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
    expect(await sync({ confirmsRunId: held.id })).toMatchObject({ state: 'WAITING' })
    await setup.reconcile()
    const again = await setup.lastRun()
    expect(again).toMatchObject({ state: 'GUARDED', leaving: 12 })
    expect(await sync({ confirmsRunId: held.id })).toMatchObject({ code: 'NOTHING_TO_CONFIRM' })
    await sync({ confirmsRunId: again.id })
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
    await sync({ dryRun: true })
    await setup.reconcile()
    const run = (await setup.runs()).find(({ trigger }) => trigger === 'REQUEST')
    expect(run).toMatchObject({ state: 'SUCCEEDED', decommissioned: 1, updated: 1 })
    expect((await setup.userOf('gone')).active).toBe(true)
    expect((await setup.userOf('moved')).roles).toEqual(['role_developer'])
  })
})

describe('a run', () => {
  async function request(): Promise<{ id: string; organizationId: string }> {
    const { id } = await sync()
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
    expect(await sync()).toMatchObject({ code: 'DIRECTORY_SYNC_UNDER_WAY' })
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
