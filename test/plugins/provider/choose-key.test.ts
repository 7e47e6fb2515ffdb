import type { BuiltinHost, CompiledProviderKey } from 'gatehouse/plugin-sdk/builtin'
import { describe, expect, it } from 'vitest'
import { chooseSecret, providerKeySlot } from '../../../plugins/provider/choose-key.ts'
import { FakeCall } from '../fake-call.ts'
import { grant, provider } from '../fake-configuration.ts'
import { fakeHost } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'

const limited = (id: string): CompiledProviderKey => ({
  ...{ id, weight: 1, credentialId: `of-${id}` },
  concurrency: { id, max: 1 },
})

function choose(enter: BuiltinHost['concurrency']['enter'], ids = ['pk_1', 'pk_2']) {
  const credentials = Object.fromEntries(ids.map((id) => [`of-${id}`, `secret of ${id}`]))
  const call = new FakeCall({})
  const { host } = fakeHost({ enter, credentials })
  const granted = { ...grant(provider('acme'), ['*']), providerKeys: ids.map(limited) }
  return { call, secret: async () => chooseSecret(call, granted, host) }
}

describe('provider keys whose calls under way are limited', () => {
  it('are passed over for another one while they have no place', async () => {
    const place = { release() {} }
    const { call, secret } = choose(async ({ id }) => (id === 'pk_1' ? undefined : place))
    expect(await secret()).toBe('secret of pk_2')
    expect(call.providerKeyId).toBe('pk_2')
    expect(call.get(providerKeySlot)).toBe(place)
  })

  it('refuse the call with 429 when none has a place', async () => {
    const { call, secret } = choose(() => undefined)
    expect(await refusalOf(secret)).toMatchObject({
      ...{ code: 'concurrency_limited', status: 429 },
      details: { scope: 'provider_key', limit: 1, retryAfterSeconds: 1 },
    })
    expect(call.providerKeyId).toBeNull()
  })
})
