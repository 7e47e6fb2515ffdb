import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { budget, digestOf, virtualKey } from './entities.ts'
import { Scene } from './scene.ts'

const generationName = /^\d{10}-\d{16}$/

function generations(scene: Scene): string[] {
  return readdirSync(join(scene.stateDirectory, 'configuration'))
    .filter((name) => generationName.test(name))
    .sort()
}

function fileOf(scene: Scene, generation: string | undefined, name: string): string {
  return join(scene.stateDirectory, 'configuration', generation ?? '', name)
}

/** Changes one byte in the middle of a file. */
function damage(path: string): void {
  const bytes = readFileSync(path)
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

/** Three generations on disk: a restart begins a new one, for it never continues another process's file. */
async function withGenerations(): Promise<Scene> {
  const scene = await Scene.applied()
  for (const id of ['vk_2', 'vk_3', 'vk_4']) {
    await scene.restart()
    scene.authority.change([virtualKey(id)])
    scene.channel.publish(scene.authority)
    await scene.look()
  }
  return scene
}

describe('the last good configuration survives the process', () => {
  it('a restart with the transport down serves what was applied, secrets included', async () => {
    const scene = await Scene.applied()
    scene.authority.change([virtualKey('vk_2'), budget('bud_1', 'team', 'team_1')])
    scene.channel.publish(scene.authority)
    await scene.look()
    scene.channel.down = true
    await scene.restart()
    await scene.follower.refresh()
    expect(scene.status).toMatchObject({ status: 'applied', applied: { epoch: 1, revision: 2 } })
    const key = scene.follower.configuration?.keyByDigest(digestOf('vk_2'))
    expect(key?.budgets).toEqual([{ id: 'bud_1', scope: 'team', limitNanoUsd: '1000000000' }])
    expect(scene.follower.secrets.credential('cred_1')).toBe('sk-provider-secret')
  })

  it('keeps three generations', async () => {
    const scene = await withGenerations()
    expect(generations(scene)).toHaveLength(3)
  })

  it.each(['snapshot.json', 'head.json'])(
    'a damaged newest %s leads to the previous generation',
    async (name) => {
      const scene = await withGenerations()
      damage(fileOf(scene, generations(scene).at(-1), name))
      scene.channel.down = true
      await scene.restart()
      expect(scene.status.applied?.revision).toBe(3)
      scene.channel.down = false
      await scene.look()
      expect(scene.status.applied?.revision).toBe(4)
      await scene.restart()
      expect(scene.status.applied?.revision).toBe(4)
    },
  )

  it('ignores deltas that a crash left behind the head, whole or torn', async () => {
    const scene = await Scene.applied()
    scene.authority.change([virtualKey('vk_2')])
    scene.channel.publish(scene.authority)
    await scene.look()
    const path = fileOf(scene, generations(scene).at(-1), 'deltas.ndjson')
    const line = readFileSync(path, 'utf8')
    writeFileSync(path, `${line}${line.replaceAll('"revision":2', '"revision":3')}${line.slice(0, 40)}`)
    scene.channel.down = true
    await scene.restart()
    expect(scene.status.applied?.revision).toBe(2)
  })

  it('damaged credentials lead to those before them', async () => {
    const scene = await Scene.applied()
    scene.authority.change([virtualKey('vk_2')])
    scene.channel.publish(scene.authority)
    scene.channel.credentials = await scene.authority.credentials(scene.sealingJwk, {
      secrets: { cred_1: 'newer' },
    })
    await scene.look()
    expect(scene.follower.secrets.credential('cred_1')).toBe('newer')
    damage(join(scene.stateDirectory, 'configuration', 'credentials.jwe'))
    scene.channel.down = true
    await scene.restart()
    expect(scene.follower.secrets.credential('cred_1')).toBe('sk-provider-secret')
  })

  it('leaves no secret in clear, and nothing that others may read', async () => {
    const scene = await Scene.applied()
    const directory = join(scene.stateDirectory, 'configuration')
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      expect(statSync(path).mode & 0o077, path).toBe(0)
      if (!entry.isFile()) continue
      const text = readFileSync(path, 'utf8')
      expect(text).not.toContain('sk-provider-secret')
      expect(text).not.toContain(scene.authority.pepper.toString('base64'))
    }
  })
})
