import { describe, expect, it } from 'vitest'
import { digestOf, virtualKey } from './entities.ts'
import { Scene } from './scene.ts'

/** A revocation whose snapshot and deltas cannot be used. */
async function withRefusedRevocation(): Promise<Scene> {
  const scene = await Scene.applied()
  scene.authority.revoked.push('vk_1')
  scene.authority.change([virtualKey('vk_1', { status: 'revoked' })])
  scene.channel.publish(scene.authority)
  scene.channel.deltas = []
  scene.channel.snapshot = 'damaged'
  await scene.look()
  return scene
}

describe('a key that a signed head revokes is refused at once', () => {
  it('even when the revision of that head cannot be applied', async () => {
    const scene = await withRefusedRevocation()
    expect(scene.status).toMatchObject({ status: 'refused', applied: { revision: 1 } })
    expect(scene.follower.configuration?.isRevoked('vk_1')).toBe(true)
    expect(scene.follower.configuration?.isRevoked('vk_2')).toBe(false)
  })

  it('also after a restart without the transport', async () => {
    const scene = await withRefusedRevocation()
    scene.channel.down = true
    await scene.restart()
    expect(scene.status.applied?.revision).toBe(1)
    expect(scene.follower.configuration?.isRevoked('vk_1')).toBe(true)
  })

  it('also after a restart when later heads name it no longer', async () => {
    const scene = await withRefusedRevocation()
    scene.authority.revoked.length = 0
    scene.authority.change([])
    scene.channel.head = scene.authority.head()
    await scene.look()
    scene.channel.down = true
    await scene.restart()
    expect(scene.status.applied?.revision).toBe(1)
    expect(scene.follower.configuration?.isRevoked('vk_1')).toBe(true)
  })

  it('also when an older head is played back afterwards', async () => {
    const scene = await withRefusedRevocation()
    scene.channel.head = scene.authority.head({ revision: 1, revoked: [] })
    await scene.look()
    expect(scene.follower.configuration?.isRevoked('vk_1')).toBe(true)
  })

  it('also when the head is of a format that this release cannot read', async () => {
    const scene = await Scene.applied()
    scene.channel.head = scene.authority.head({ format: 2 as 1, revision: 2, revoked: ['vk_1'] })
    await scene.look()
    expect(scene.status.lastError).toMatch(/unknown format 2/)
    expect(scene.follower.configuration?.isRevoked('vk_1')).toBe(true)
  })

  it('but not on the word of a stranger', async () => {
    const scene = await Scene.applied()
    const { Authority } = await import('./authority.ts')
    const stranger = await Authority.create()
    scene.channel.head = scene.authority.head({ revoked: ['vk_1'] }, stranger.signingKey)
    await scene.look()
    expect(scene.follower.configuration?.isRevoked('vk_1')).toBe(false)
  })

  it('a call keeps the configuration that it started with', async () => {
    const scene = await Scene.applied()
    const atStart = scene.follower.configuration
    scene.authority.revoked.push('vk_1')
    scene.authority.change([virtualKey('vk_1', { status: 'revoked' })])
    scene.channel.publish(scene.authority)
    await scene.look()
    expect(atStart?.isRevoked('vk_1')).toBe(false)
    expect(atStart?.keyByDigest(digestOf('vk_1'))?.status).toBe('active')
    expect(scene.follower.configuration?.keyByDigest(digestOf('vk_1'))?.status).toBe('revoked')
  })

  it('the list shrinks once the configuration itself knows', async () => {
    const scene = await withRefusedRevocation()
    scene.authority.revoked.length = 0
    scene.authority.change([], ['virtual_key/vk_1'])
    scene.channel.publish(scene.authority)
    await scene.look()
    expect(scene.status.applied?.revision).toBe(3)
    expect(scene.follower.configuration?.isRevoked('vk_1')).toBe(false)
    expect(scene.follower.configuration?.keyByDigest(digestOf('vk_1'))).toBeUndefined()
  })
})
