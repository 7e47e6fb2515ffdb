import type { CompiledKey, TokenUser, VerifiedToken } from 'gatehouse/plugin-sdk/builtin'
import { expect, it } from 'vitest'
import auth from '../../../plugins/auth/index.ts'
import { FakeCall } from '../fake-call.ts'
import { type ConfigurationMembers, configuration, key } from '../fake-configuration.ts'
import { fakeHost } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'

const token = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'
const verified = { subject: 'usr_1', sessionId: 'sess_1', since: 1_000, issuer: {} } as VerifiedToken
const own = key({ id: 'vk_own' })
const ofTeam = key({ id: 'vk_team' })

function user(members: Partial<TokenUser> = {}): TokenUser {
  const mayUse = ({ id }: CompiledKey) => (id === 'vk_team' ? ofTeam : undefined)
  return { id: 'usr_1', active: true, notBefore: undefined, defaultKey: own, mayUse, ...members }
}

function identify(
  members: ConfigurationMembers,
  secret?: string,
  verdict: VerifiedToken | Promise<VerifiedToken> = verified,
) {
  const { host } = fakeHost({ verify: () => verdict })
  const headers: [string, string][] = [['authorization', `Bearer ${token}`]]
  if (secret !== undefined) headers.push(['x-bf-vk', secret])
  const call = new FakeCall({
    configuration: configuration({ users: { usr_1: user() }, ...members }),
    headers,
  })
  return { call, run: () => auth.setup({}, host).onCall?.(call) }
}

it('charges the user’s default key when the call names none', () => {
  const { call, run } = identify({})
  run()
  expect(call.key).toBe(own)
})

it('waits for a token that has to be verified first', async () => {
  const { call, run } = identify({}, undefined, Promise.resolve(verified))
  await run()
  expect(call.key).toBe(own)
})

it('charges the key that the call names, as the user may use it', () => {
  const { call, run } = identify({ keys: { team: key({ id: 'vk_team' }) } }, 'team')
  run()
  expect(call.key).toBe(ofTeam)
})

it.each<[string, ConfigurationMembers, string | undefined, string]>([
  ['somebody else’s key', { keys: { foreign: key({ id: 'vk_foreign' }) } }, 'foreign', 'user_not_authorized'],
  ['an unknown key', {}, 'unknown', 'virtual_key_not_found'],
  ['no key at all', { users: { usr_1: user({ defaultKey: undefined }) } }, undefined, 'virtual_key_required'],
  ['a revoked default key', { revoked: ['vk_own'] }, undefined, 'virtual_key_blocked'],
  ['an ended session', { revoked: ['sess_1'] }, undefined, 'authentication_required'],
  ['an ended user', { revoked: ['usr_1'] }, undefined, 'authentication_required'],
  ['an inactive user', { users: { usr_1: user({ active: false }) } }, undefined, 'authentication_required'],
  [
    'a user who was signed out',
    { users: { usr_1: user({ notBefore: 1_001 }) } },
    undefined,
    'authentication_required',
  ],
  ['an unknown user', { users: {} }, undefined, 'authentication_required'],
])('refuses a good token with %s', async (_, members, secret, code) => {
  expect((await refusalOf(identify(members, secret).run)).code).toBe(code)
})

it('refuses the virtual key of a user whom the head names, alone too', async () => {
  const { host } = fakeHost()
  const principal = { ...key().principal, userId: 'usr_1' }
  const call = new FakeCall({
    configuration: configuration({ keys: { good: key({ principal }) }, revoked: ['usr_1'] }),
    headers: [['x-api-key', 'good']],
  })
  expect((await refusalOf(() => auth.setup({}, host).onCall?.(call))).code).toBe('virtual_key_blocked')
})
