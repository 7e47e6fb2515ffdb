import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { checkSessions } from '../../../control-plane/provisioning/session-check.ts'
import { eventually } from '../../transport/poll.ts'
import { type SignInSetup, startSignIn } from '../http/signed-in.ts'

const minuteMs = 60_000
let setup: SignInSetup

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  setup = await startSignIn({ sessions: { idleMs: 720 * minuteMs, checkMs: 1_440 * minuteMs } })
})
afterAll(async () => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  await setup.close()
})

const signIn = async (login: string) => {
  setup.identityProvider.people.set(login, { name: login, roles: ['reader'] })
  expect((await setup.signIn(login)).status).toBe(200)
}
const questions = () => setup.identityProvider.requests.filter((request) => request === 'POST /token').length

it('nobody else is asked about while the session of somebody who is gone is being ended', async () => {
  await signIn('gone')
  vi.setSystemTime(Date.now() + 1_000)
  for (let number = 1; number <= 8; number += 1) await signIn(`stays ${number}`)
  await setup.identityProvider.revokeGrantsOf('gone')
  vi.setSystemTime(Date.now() + 15 * minuteMs)
  // No shuffling: whoever was confirmed the longest ago comes first.
  let rank = 0
  vi.spyOn(Math, 'random').mockImplementation(() => ++rank / 1_000_000)
  const before = questions()
  const asked = () => questions() - before

  const { services } = setup.api.controlPlane
  await withClient(setup.api.testDatabase.superuserUrl, async (client) => {
    await client.query('begin')
    await client.query('lock table audit_events in exclusive mode')
    const checked = checkSessions(services, { checkMs: 15 * minuteMs })
    const left = 'select count(*)::int as left from sessions'
    await eventually('the session is removed', async () => (await client.query(left)).rows[0].left === 8)
    await delay(500)
    // Those whose turn came before that.
    expect(asked()).toBeLessThan(9)
    await client.query('commit')
    await checked
  })
  expect(asked()).toBe(9)
})
