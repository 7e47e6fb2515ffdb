import { describe, expect, it } from 'vitest'
import { AdmissionGate } from '../../../data-plane/admission/gate.ts'
import type { CompiledKey } from '../../../plugins/sdk/builtin.ts'
import { goodKey } from '../configuration.ts'
import { json, serve } from './wire.ts'

const urgentKey: CompiledKey = {
  ...goodKey,
  id: 'vk_2',
  priority: 'high',
  principal: { ...goodKey.principal, teamId: 'team_2' },
}
const places = 12
const body = '{"model":"m","messages":[]}'

/** A server whose provider answers when it is told to; calls of `good-key` have taken what their tenant may have. */
async function serveCrowd() {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const gate = new AdmissionGate(places)
  const byDigest: Record<string, CompiledKey> = { 'good-key': goodKey, 'urgent-key': urgentKey }
  const { url, seen } = await serve({
    configuration: { keyByDigest: (digest) => byDigest[digest] ?? goodKey },
    stages: {
      auth: {
        onCall(call) {
          call.key = goodKey
        },
      },
      provider: {
        async respond(call) {
          seen.provider++
          await released
          call.reply.send(200, { 'content-type': 'application/json' }, Buffer.from('{}'))
        },
      },
    },
    server: { gate },
  })
  const call = (secret: string) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${secret}` },
      body,
    })
  const crowd = Array.from({ length: places }, () => call('good-key'))
  const refused = await Promise.race(
    crowd.map(async (one) => {
      const response = await one
      return response.status === 503 ? response : new Promise<never>(() => {})
    }),
  )
  return { call, crowd, refused, release, gate, seen }
}

describe('more calls than can be served', () => {
  it('are refused with 503 and Retry-After, before the provider or the pipeline hears of them', async () => {
    const { crowd, refused, release, gate, seen } = await serveCrowd()
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(refused.headers.get('connection')).not.toBe('close')
    expect(await refused.json()).toMatchObject({ error: { type: 'overloaded' } })
    release()
    const statuses = (await Promise.all(crowd)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 503)).toHaveLength(gate.refused.normal)
    expect(seen.provider).toBe(places - gate.refused.normal)
    expect(seen.outcomes).toHaveLength(seen.provider)
  })

  it('are those of a key of high priority last', async () => {
    const { call, crowd, release } = await serveCrowd()
    const urgent = call('urgent-key')
    const usual = await call('good-key')
    expect(usual.status).toBe(503)
    release()
    expect((await urgent).status).toBe(200)
    await Promise.all(crowd)
  })

  it('leave their places to others once they are over, also those whose caller left', async () => {
    const { call, crowd, release, gate } = await serveCrowd()
    release()
    await Promise.all(crowd.map(async (one) => (await one).text()))
    await expect.poll(() => gate.inProgress).toBe(0)
    expect((await call('good-key')).status).toBe(200)
  })
})
