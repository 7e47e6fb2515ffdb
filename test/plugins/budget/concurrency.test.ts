import { describe, expect, it } from 'vitest'
import budget from '../../../plugins/budget/index.ts'
import { FakeCall } from '../fake-call.ts'
import { grant, key, limitNode, model, provider } from '../fake-configuration.ts'
import { type FakeHostOptions, fakeHost } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'

const settings = { defaultOutputTokens: 4096, imageInputTokens: 50_000 }
const ended = { status: 200, errorCode: null, refusedBy: null, durationMs: 1 }

function governed(options: FakeHostOptions = {}) {
  const { host, record } = fakeHost(options)
  const call = new FakeCall({
    key: key({ concurrency: { id: 'vk_1', max: 2 }, limits: [limitNode('lim_1', 'virtual_key', 10)] }),
    targets: [{ grant: grant(provider('acme'), ['*']), model: model('small') }],
  })
  return { call, record, stage: budget.setup(settings, host) }
}

describe('a key whose calls under way are limited', () => {
  it.each(['succeeded', 'denied', 'failed', 'cancelled'] as const)(
    'has a place for each until it ends, be it %s',
    async (outcome) => {
      const { call, record, stage } = governed()
      expect(stage.onCall?.(call)).toBeUndefined()
      expect(record.places).toEqual(['vk_1'])
      await stage.onComplete?.(call, { ...ended, outcome })
      expect(record.places).toEqual([])
    },
  )

  it('gives the place of a call back that a limit refuses', async () => {
    const { call, record, stage } = governed({
      take: () => ({ limit: limitNode('lim_1', 'virtual_key', 10), retryAfterMs: 1 }),
    })
    expect(await refusalOf(() => stage.onCall?.(call))).toMatchObject({ code: 'request_limited' })
    await stage.onComplete?.(call, { ...ended, outcome: 'denied' })
    expect(record.places).toEqual([])
  })

  it.each([undefined, Promise.resolve(undefined)])(
    'refuses the next with 429 and takes nothing of its limits',
    async (noPlace) => {
      const { call, record, stage } = governed({ enter: () => noPlace })
      expect(await refusalOf(() => stage.onCall?.(call))).toMatchObject({
        ...{ code: 'concurrency_limited', status: 429 },
        details: { scope: 'virtual_key', limit: 2, retryAfterSeconds: 1 },
      })
      expect(record.taken).toEqual([])
    },
  )
})
