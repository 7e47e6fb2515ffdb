import { Denied } from 'gatehouse/plugin-sdk'
import type { CompiledKey } from 'gatehouse/plugin-sdk/builtin'
import { describe, expect, it } from 'vitest'
import auth from '../../../plugins/auth/index.ts'
import { FakeCall } from '../fake-call.ts'
import { type ConfigurationMembers, configuration, key } from '../fake-configuration.ts'
import { type FakeHostOptions, fakeHost } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'

const now = 1_000_000

function identify(secret: string | undefined, members: ConfigurationMembers, options: FakeHostOptions = {}) {
  const { host, record } = fakeHost({ now, ...options })
  const call = new FakeCall({
    configuration: configuration(members),
    headers: secret === undefined ? [] : [['Authorization', `Bearer ${secret}`]],
  })
  return { call, record, run: () => auth.setup({}, host).onCall?.(call) }
}

it('knows an active key and whom it is charged to', () => {
  const known = key()
  const { call, run } = identify('good', { keys: { good: known } })
  run()
  expect(call.key).toBe(known)
  expect(call.principal).toBe(known.principal)
})

it('refuses a call without a key and names what it would accept [S1-16, X1-07]', async () => {
  const refusal = await refusalOf(identify(undefined, {}).run)
  expect(refusal).toMatchObject({ code: 'virtual_key_required', status: 401 })
  expect(refusal.message).toMatch(/Authorization: Bearer.*x-api-key.*x-bf-vk/)
})

it('refuses a provider key that a client brings [S1-24]', async () => {
  const refusal = await refusalOf(identify('sk-live-provider', { keys: { good: key() } }).run)
  expect(refusal).toMatchObject({ code: 'virtual_key_not_found', status: 401 })
})

describe('a key that may not be used is refused with 403, and the record still names it', () => {
  const cases: [string, Partial<CompiledKey>, readonly string[], RegExp][] = [
    ['revoked by the configuration', { status: 'revoked' }, [], /revoked/],
    ['revoked by the head alone', {}, ['vk_test'], /revoked/],
    ['inactive', { status: 'inactive' }, [], /inactive/],
    ['expired', { expiresAt: now }, [], /expired/],
    ['inactive and expired: inactive wins', { status: 'inactive', expiresAt: 1 }, [], /inactive/],
    ['a secret that was rotated out', { secretExpiresAt: () => now - 1 }, [], /rotated out/],
  ]
  it.each(cases)('%s', async (_, members, revoked, message) => {
    const { call, run } = identify('good', { keys: { good: key(members) }, revoked })
    const refusal = await refusalOf(run)
    expect(refusal).toMatchObject({ code: 'virtual_key_blocked', status: 403 })
    expect(refusal.message).toMatch(message)
    expect(call.key?.id).toBe('vk_test')
  })
})

describe('a key that needs a fresh configuration', () => {
  /** A data plane whose configuration is this old. */
  const aged = (ageMs: number): FakeHostOptions => ({
    staleness: (limitMs) =>
      ageMs > limitMs ? new Denied('config_unavailable', `stale for ${limitMs}`) : undefined,
  })

  it('is refused with 503 once it is older, and the record names it', async () => {
    const members = { keys: { strict: key({ requireFreshMs: 30_000 }) } }
    identify('strict', members, aged(30_000)).run()
    const { call, run } = identify('strict', members, aged(30_001))
    expect(await refusalOf(run)).toMatchObject({ code: 'config_unavailable', status: 503 })
    expect(call.key?.id).toBe('vk_test')
  })

  it('stays revoked, whatever the age', async () => {
    const { run } = identify(
      'strict',
      { keys: { strict: key({ requireFreshMs: 1 }) }, revoked: ['vk_test'] },
      aged(2),
    )
    expect(await refusalOf(run)).toMatchObject({ code: 'virtual_key_blocked' })
  })

  it('is nothing to other keys', () => {
    identify('plain', { keys: { plain: key() } }, aged(Number.MAX_SAFE_INTEGER)).run()
  })
})

it('accepts the old secret while the rotation overlaps, and a key until the moment it expires', () => {
  const overlapping = key({ expiresAt: now + 1, secretExpiresAt: () => now + 1 })
  identify('old', { keys: { old: overlapping } }).run()
})

it('looks at no budget and no limit [X0-32]', async () => {
  const { record, run } = identify('good', { keys: { good: key({ status: 'revoked' }) } })
  await refusalOf(run)
  expect(record).toMatchObject({ reserved: [], taken: [] })
})
