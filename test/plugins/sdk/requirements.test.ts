import { definePlugin, requirePermission, requirePrincipal, Type } from 'gatehouse/plugin-sdk'
import { runPlugin, testCall } from 'gatehouse/plugin-sdk/testing'
import { describe, expect, it } from 'vitest'

const until = { chat: Infinity, embeddings: -Infinity, images: -Infinity }
const anonymous = { principal: undefined, inferenceRights: null, receivedAt: 0 }

/** Has a picture made while somebody chats, and notes for whom. */
const painter = definePlugin({
  name: 'painter',
  version: '1.0.0',
  config: Type.Object({}),
  setup: (_config, host) => ({
    onCall(call) {
      const { userId } = requirePrincipal(call)
      requirePermission(call, 'inference:images')
      host.log.info({ userId }, 'a picture is made')
    },
  }),
})

describe('a plugin', () => {
  it('learns whom a call is charged to, and refuses whoever is not known [S3-15]', () => {
    expect(requirePrincipal(testCall({ principal: { userId: 'usr_1' } }))).toMatchObject({ userId: 'usr_1' })
    expect(() => requirePrincipal(anonymous)).toThrow(
      expect.objectContaining({ code: 'virtual_key_required', status: 401 }),
    )
    expect(() => requirePermission(anonymous, 'inference:chat')).toThrow(
      expect.objectContaining({ code: 'virtual_key_required' }),
    )
  })

  it('asks for what it does beyond what the route is for, and is refused without it [S3-14]', async () => {
    const inferenceRights = { until, heldBack: null }
    const refused = await runPlugin(painter, { call: testCall({ inferenceRights }) })
    expect(refused.denied).toMatchObject({
      ...{ code: 'user_not_authorized', status: 403 },
      message: 'Your roles do not include inference:images',
    })
    expect(refused.log).toEqual([])
    const allowed = { until: { ...until, images: Infinity }, heldBack: null }
    expect(
      (await runPlugin(painter, { call: testCall({ inferenceRights: allowed }) })).denied,
    ).toBeUndefined()
  })

  it('is told by the time of the call, and by no role that cannot be read', () => {
    const call = (images: number, heldBack: string | null = null) =>
      testCall({ receivedAt: 1_000, inferenceRights: { until: { ...until, images }, heldBack } })
    expect(() => requirePermission(call(1_001), 'inference:images')).not.toThrow()
    expect(() => requirePermission(call(1_000), 'inference:images')).toThrow('inference:images')
    expect(() => requirePermission(call(0, 'the role role_1 cannot be read'), 'inference:images')).toThrow(
      expect.objectContaining({ code: 'config_unavailable' }),
    )
  })

  it('is refused nothing where roles do not decide', () => {
    for (const permission of ['inference:chat', 'inference:embeddings', 'inference:images'] as const) {
      expect(() => requirePermission(testCall(), permission)).not.toThrow()
    }
  })
})
