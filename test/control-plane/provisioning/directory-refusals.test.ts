import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { checkSessions } from '../../../control-plane/provisioning/session-check.ts'
import { createProvider } from '../http/signed-in.ts'
import { type DirectorySetup, pass, startReconciled } from './directory-setup.ts'

const minuteMs = 60_000

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

describe('somebody by whose session their provider stands no more', () => {
  it('is switched off 15 minutes after the reading that came too early for them', async () => {
    const check = () => checkSessions(setup.api.controlPlane.services, { checkMs: 15 * minuteMs })
    const leave = async (login: string) => {
      setup.put(login, ['engineers'], { active: false })
      await setup.identityProvider.revokeGrantsOf(login)
    }
    await setup.signInAs('first', ['engineers'])
    await setup.know('stays', ['engineers'])
    await setup.reconcile()
    pass(5 * minuteMs)
    const second = await setup.signInAs('second', ['engineers'])
    await leave('first')
    pass(10 * minuteMs)
    await check()
    await setup.reconcile()
    await leave('second')
    pass(5 * minuteMs)
    await Promise.all([check(), check()])
    expect(await setup.statusOf(second)).toBe(401)
    pass(10 * minuteMs - 1)
    expect(await setup.readsOf(() => setup.reconcile())).toBe(0)
    expect(await setup.userOf('second')).toMatchObject({ active: true })
    pass(1)
    expect(await setup.readsOf(() => setup.reconcile(setup.api.controlPlane, setup.other))).toBe(1)
    expect(await setup.userOf('second')).toMatchObject({ active: false })
    pass(15 * minuteMs)
    expect(await setup.readsOf(() => setup.reconcile())).toBe(0)
    expect((await setup.runs()).map(({ trigger }) => trigger)).toEqual(['REFUSAL', 'REFUSAL', 'SCHEDULE'])
  })

  it('is switched off after a run that is under way and may have read them before', async () => {
    await setup.signInAs('left', ['engineers'])
    await setup.know('stays', ['engineers'])
    await setup.reconcile()
    pass(15 * minuteMs)
    await setup.sync({ dryRun: true })
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
    for (const login of ['first', 'second']) await setup.signInAs(login, ['engineers'])
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
      await setup.signInAs('left', ['engineers'])
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
      expect(await setup.readsOf(() => setup.reconcile())).toBe(0)
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
})
