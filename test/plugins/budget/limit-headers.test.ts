import type { LimitStanding } from 'gatehouse/plugin-sdk/builtin'
import { describe, expect, it } from 'vitest'
import budget from '../../../plugins/budget/index.ts'
import { durationOf } from '../../../plugins/budget/limit-headers.ts'
import { FakeCall, type FakeCallOptions } from '../fake-call.ts'
import { grant, key, limitNode, model, provider } from '../fake-configuration.ts'
import { fakeHost } from '../fake-host.ts'

const settings = { defaultOutputTokens: 4096, imageInputTokens: 50_000 }
const team = limitNode('lim_team', 'team', 100)
const own = { ...limitNode('lim_key', 'virtual_key', 10), windowSeconds: 3600 }
const tokens = limitNode('lim_tokens', 'virtual_key', 9000, 'tokens')
const ofConfig = limitNode('lim_config', 'provider_config', 5)
const targets = [{ grant: grant(provider('acme'), ['*'], { limits: [ofConfig] }), model: model('small') }]

/** The headers of the answer to a call that passed the stage. */
function answered(options: FakeCallOptions, standing: Readonly<Record<string, Partial<LimitStanding>>> = {}) {
  const { host } = fakeHost({ standing })
  const call = new FakeCall({ targets, ...options })
  budget.setup(settings, host).onCall?.(call)
  call.reply.send(200, {}, Buffer.from('{}'))
  return call.reply.headers
}

describe('every answer says how the limits of its call stand', () => {
  it('by the limit that is nearest to its end, for each unit, and what all of them allow', () => {
    const headers = answered(
      { key: key({ limits: [team, own, tokens] }) },
      {
        lim_team: { remaining: 40, resetMs: 30_000 },
        lim_key: { remaining: 3, resetMs: 360_000 },
        lim_tokens: { remaining: 700, resetMs: 59_001 },
      },
    )
    expect(headers).toEqual({
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '3',
      'x-ratelimit-reset-requests': '6m0s',
      'x-ratelimit-limit-tokens': '9000',
      'x-ratelimit-remaining-tokens': '700',
      'x-ratelimit-reset-tokens': '1m0s',
      'ratelimit-policy':
        '"team-requests-60s";q=100;w=60, "virtual_key-requests-3600s";q=10;w=3600, "virtual_key-tokens-60s";q=9000;w=60;qu="tokens", "provider_config-requests-60s";q=5;w=60',
      ratelimit: '"virtual_key-requests-3600s";r=3;t=360, "virtual_key-tokens-60s";r=700;t=60',
    })
  })

  it('of a call that chose among several targets by the one that it went to', () => {
    const other = { grant: grant(provider('other')), model: model('small') }
    const headers = answered({ key: key({ limits: [team] }), targets: [...targets, other] })
    expect(headers['ratelimit-policy']).toBe(
      '"team-requests-60s";q=100;w=60, "provider_config-requests-60s";q=5;w=60',
    )
    expect(headers.ratelimit).toBe('"provider_config-requests-60s";r=5;t=0')
  })

  it('also where nothing is taken of them', () => {
    const headers = answered({ operation: 'models.list', key: key({ limits: [team] }), targets: [] })
    expect(headers['x-ratelimit-remaining-requests']).toBe('100')
  })

  it('and nothing where there is no limit', () => {
    expect(
      answered({ key: key(), targets: [{ grant: grant(provider('a')), model: model('small') }] }),
    ).toEqual({})
  })

  it('as they stand when the answer begins, not when the call came', () => {
    const standing: Record<string, Partial<LimitStanding>> = { lim_team: { remaining: 2 } }
    const { host } = fakeHost({ standing })
    const call = new FakeCall({ key: key({ limits: [team] }), operation: 'models.list' })
    budget.setup(settings, host).onCall?.(call)
    standing.lim_team = { remaining: 1 }
    call.reply.send(200, {}, Buffer.from('{}'))
    expect(call.reply.headers['x-ratelimit-remaining-requests']).toBe('1')
  })
})

it.each([
  [0, '0s'],
  [0.4, '1ms'],
  [999, '999ms'],
  [1000, '1s'],
  [59_001, '1m0s'],
  [3_600_000, '1h0m0s'],
  [90_061_000, '25h1m1s'],
])('%d ms is %s, as OpenAI writes it', (ms, text) => {
  expect(durationOf(ms)).toBe(text)
})
