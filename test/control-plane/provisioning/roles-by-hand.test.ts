import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkSessions } from '../../../control-plane/provisioning/session-check.ts'
import { type DirectorySetup, pass, startReconciled } from './directory-setup.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

let setup: DirectorySetup

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  setup = await startReconciled({
    sessions: { idleMs: 720 * minuteMs, checkMs: 1_440 * minuteMs, mostPerUser: 1_000 },
  })
})
afterEach(() => setup.forgetEverybody())
afterAll(async () => {
  vi.useRealTimers()
  await setup.close()
})

/** As the identity provider and its directory have them. */
function describePerson(id: string, groups: readonly string[]): string {
  setup.put(id, groups)
  return setup.describePerson(id, { groups, email: `${id}@example.com` })
}

async function signIn(id: string, groups: readonly string[]) {
  const { browser } = await setup.signIn(describePerson(id, groups))
  return browser
}

async function userIdOf(id: string): Promise<unknown> {
  const [row] = await setup.sql('select user_id as id from user_identities where subject = ?', [id])
  return row?.id
}

/** By hand; for this long, or for good. */
async function give(id: string, roleId: string, ms?: number): Promise<void> {
  const expiresAt = ms === undefined ? null : new Date(Date.now() + ms).toISOString()
  const given = await setup.mutate('assignRole', { userId: await userIdOf(id), roleId, expiresAt })
  expect(given).toMatchObject({ __typename: 'RoleAssignment' })
}

/** Each with its end and who gave it. */
async function rolesOf(id: string): Promise<unknown[]> {
  const rows = await setup.sql(
    `select role_id as role, expires_at is null as "isForGood",
       exists (select from user_identities where role_assignment_id = role.id) as "isOfProvider"
     from role_assignments role where user_id = ? order by role_id`,
    [await userIdOf(id)],
  )
  return rows
}

const ofProvider = (role: string) => ({ role, isForGood: true, isOfProvider: true })
const byHand = (role: string, isForGood = true) => ({ role, isForGood, isOfProvider: false })

async function check(): Promise<void> {
  pass(15 * minuteMs)
  await checkSessions(setup.api.controlPlane.services, { checkMs: 15 * minuteMs })
}

describe('a role that claims give and that somebody had until a time that is over', () => {
  /** @returns the browser of somebody who was a developer for an hour, a day ago, and whose group says now that they are one */
  async function formerDeveloper(id: string) {
    const browser = await signIn(id, ['readers'])
    await give(id, 'role_developer', hourMs)
    pass(2 * hourMs)
    describePerson(id, ['engineers'])
    return browser
  }

  it('is given for good when they sign in', async () => {
    await formerDeveloper('ann')
    const browser = await signIn('ann', ['engineers'])
    expect((await setup.viewerOf(browser)).role.name).toBe('developer')
    expect(await rolesOf('ann')).toEqual([ofProvider('role_developer')])
  })

  it('is given for good when their session is checked', async () => {
    const browser = await formerDeveloper('ben')
    await check()
    expect((await setup.viewerOf(browser)).role.name).toBe('developer')
    expect(await rolesOf('ben')).toEqual([ofProvider('role_developer')])
  })

  it('is given for good when their directory is read, once', async () => {
    await formerDeveloper('cem')
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED', updated: 1 })
    expect(await rolesOf('cem')).toEqual([ofProvider('role_developer')])
    pass(24 * hourMs)
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED', updated: 0 })
  })

  it('is given for good to whom only the end keeps from it, when their directory is read', async () => {
    await signIn('dee', ['engineers'])
    await give('dee', 'role_developer', hourMs)
    await setup.reconcile()
    expect(await rolesOf('dee')).toEqual([ofProvider('role_developer')])
  })
})

describe('a role that claims gave and that somebody gives by hand', () => {
  it('for a time is had for good again from the next check on, and not lost at its end', async () => {
    const browser = await signIn('eve', ['engineers'])
    await give('eve', 'role_developer', hourMs)
    expect(await rolesOf('eve')).toEqual([byHand('role_developer', false)])
    await check()
    expect(await rolesOf('eve')).toEqual([ofProvider('role_developer')])
    pass(hourMs)
    expect((await setup.viewerOf(browser)).role.name).toBe('developer')
  })

  it('for good stays when the claims say so no more', async () => {
    const browser = await signIn('fay', ['engineers'])
    await give('fay', 'role_developer')
    describePerson('fay', ['readers'])
    await check()
    expect(await rolesOf('fay')).toEqual([byHand('role_developer'), ofProvider('role_viewer')])
    expect((await setup.viewerOf(browser)).role.name).toBe('developer')
    await setup.know('stays', ['engineers'])
    setup.remove('fay')
    await setup.reconcile()
    expect(await rolesOf('fay')).toEqual([byHand('role_developer')])
  })

  it('whose end came before Gatehouse knew that it was by hand is given anew', async () => {
    const browser = await signIn('gil', ['engineers'])
    const userId = await userIdOf('gil')
    await setup.sql('update role_assignments set expires_at = ? where user_id = ?', [
      new Date(Date.now() + minuteMs),
      userId,
    ])
    await check()
    expect(await rolesOf('gil')).toEqual([ofProvider('role_developer')])
    expect((await setup.viewerOf(browser)).role.name).toBe('developer')
  })
  it('while they sign in with other claims stays too', async () => {
    await signIn('hal', ['engineers'])
    const userId = await userIdOf('hal')
    const { database } = setup.api.controlPlane
    let signedIn: Promise<unknown> | undefined
    // As far as `assignRole` has come when the sign-in waits for it.
    await database.transaction(setup.tenant.organizationId, async (em) => {
      await em.execute('select id from users where id = ? for update', [userId])
      await em.execute('update user_identities set role_assignment_id = null where user_id = ?', [userId])
      signedIn = signIn('hal', ['readers'])
      await vi.waitFor(
        async () => {
          const waiting = await setup.sql(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          )
          expect(waiting).toHaveLength(1)
        },
        { timeout: 20_000 },
      )
    })
    await signedIn
    expect(await rolesOf('hal')).toEqual([byHand('role_developer'), ofProvider('role_viewer')])
  })
})
