import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ConfigurationBundle } from '../../../contract/configuration/bundle.ts'
import { takeBootstrapFile, writeBootstrapFile } from '../../../data-plane/config/bootstrap-file.ts'
import { ConfigurationDisk } from '../../../data-plane/config/disk.ts'
import { textOf } from './authority.ts'
import { digestOf, virtualKey } from './entities.ts'
import { Scene } from './scene.ts'

let path: string

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'gatehouse-bootstrap-')), 'bootstrap')
})

const diskOf = (scene: Scene) => new ConfigurationDisk(scene.stateDirectory)
const take = (scene: Scene, identity = scene.identity) => takeBootstrapFile(path, diskOf(scene), identity)

async function bundleOf({ authority, sealingJwk }: Scene): Promise<ConfigurationBundle> {
  const snapshot = textOf(authority.snapshot())
  return {
    head: authority.head(),
    credentials: await authority.credentials(sealingJwk),
    snapshot,
    deltas: [],
  }
}

async function write(scene: Scene, changes: Partial<ConfigurationBundle> = {}): Promise<void> {
  const ask = async () => ({ ...(await bundleOf(scene)), ...changes })
  await writeBootstrapFile({ path, ask, disk: diskOf(scene), identity: scene.identity })
}

/** All but its identity is lost, and nobody answers. */
async function startAlone(scene: Scene): Promise<void> {
  await scene.follower.close()
  scene.channel.down = true
  scene.follower = scene.newFollower()
  await scene.follower.restore()
}

function empty(scene: Scene): void {
  rmSync(join(scene.stateDirectory, 'configuration'), { recursive: true, force: true })
}

describe('a data plane that reaches nobody', () => {
  it('serves from the file when its configuration is gone, and from its disk once it has taken it', async () => {
    const scene = await Scene.applied()
    await write(scene)
    empty(scene)
    expect(await take(scene)).toBeUndefined()
    rmSync(path)
    await startAlone(scene)
    expect(scene.status).toMatchObject({ status: 'applied', lastError: null, applied: { revision: 1 } })
    expect(scene.follower.configuration?.keyByDigest(digestOf('vk_1'))?.status).toBe('active')
    expect(scene.follower.secrets.credential('cred_1')).toBe('sk-provider-secret')
  })

  it('keeps what it has on disk when the file is older, credentials included', async () => {
    const scene = await Scene.applied()
    await write(scene)
    scene.authority.change([virtualKey('vk_1', { status: 'revoked' })])
    scene.channel.publish(scene.authority)
    scene.channel.credentials = await scene.authority.credentials(scene.sealingJwk, {
      secrets: { cred_1: 'sk-newer-secret' },
    })
    await scene.look()
    expect(await take(scene)).toBeUndefined()
    await startAlone(scene)
    expect(scene.status.applied?.revision).toBe(2)
    expect(scene.follower.configuration?.keyByDigest(digestOf('vk_1'))?.status).toBe('revoked')
    expect(scene.follower.secrets.credential('cred_1')).toBe('sk-newer-secret')
  })

  it('takes the file when it is newer than the disk', async () => {
    const scene = await Scene.applied()
    scene.authority.change([virtualKey('vk_2')])
    await write(scene)
    await take(scene)
    await startAlone(scene)
    expect(scene.status.applied?.revision).toBe(2)
  })

  it('takes the credentials of the file when only those are gone', async () => {
    const scene = await Scene.applied()
    await write(scene)
    rmSync(join(scene.stateDirectory, 'configuration', 'credentials.jwe'))
    await take(scene)
    await startAlone(scene)
    expect(scene.status).toMatchObject({ status: 'applied', lastError: null, applied: { revision: 1 } })
    expect(scene.follower.configuration).toBeDefined()
  })

  it('refuses a key that it has seen revoked, whatever the file says', async () => {
    const scene = await Scene.applied()
    await write(scene)
    scene.authority.revoked.push('vk_1')
    scene.authority.change([virtualKey('vk_1', { status: 'revoked' })])
    scene.channel.publish(scene.authority)
    await scene.look()
    for (const { name } of await diskOf(scene).generations()) {
      rmSync(join(scene.stateDirectory, 'configuration', name), { recursive: true })
    }
    await take(scene)
    await startAlone(scene)
    expect(scene.status.applied?.revision).toBe(1)
    expect(scene.follower.configuration?.isRevoked('vk_1')).toBe(true)
  })
})

describe('a file is refused, with the reason, and nothing of it is used', () => {
  it.each<[string, (scene: Scene) => Promise<void> | void, RegExp]>([
    ['that is not there', () => rmSync(path), /cannot be read \(ENOENT\)/],
    ['that was cut off', () => writeFileSync(path, readFileSync(path).subarray(0, -20)), /torn/],
    ['that is none', () => writeFileSync(path, 'hello\n'), /torn, or none at all/],
    [
      'whose snapshot was altered',
      () => writeFileSync(path, readFileSync(path, 'utf8').replace('"name":"Acme"', '"name":"Evil"')),
      /it was altered/,
    ],
    [
      'whose head was altered',
      () => writeFileSync(path, readFileSync(path, 'utf8').replace(/"sig":"../, '"sig":"AA')),
      /no valid signature/,
    ],
  ])('%s', async (_, damage, reason) => {
    const scene = await Scene.applied()
    await write(scene)
    await damage(scene)
    empty(scene)
    expect(await take(scene)).toMatch(reason)
    await startAlone(scene)
    expect(scene.follower.configuration).toBeUndefined()
  })

  it('that another control plane signed', async () => {
    const scene = await Scene.applied()
    await write(scene)
    const other = await Scene.create()
    expect(await take(other)).toMatch(/no valid signature by a known key/)
  })

  it('that was made for another organization', async () => {
    const scene = await Scene.applied()
    await write(scene)
    empty(scene)
    const reason = await take(scene, { ...scene.identity, organizationId: 'org_2' })
    expect(reason).toMatch(/head is for organization org_1, this data plane serves org_2/)
  })

  it('that was made for another data plane', async () => {
    const scene = await Scene.applied()
    await write(scene)
    empty(scene)
    const reason = await take(scene, { ...scene.identity, dataPlaneId: 'dp_2' })
    expect(reason).toMatch(/meant for another data plane/)
  })
})

describe('a file is written', () => {
  it('from the disk when the control plane does not answer', async () => {
    const scene = await Scene.applied()
    scene.authority.change([virtualKey('vk_2')])
    scene.channel.publish(scene.authority)
    await scene.look()
    const ask = () => Promise.reject(new Error('fetch failed'))
    const options = { path, ask, disk: diskOf(scene), identity: scene.identity }
    expect(await writeBootstrapFile(options)).toMatchObject({ head: { revision: 2 }, source: 'the disk' })
    empty(scene)
    await expect(writeBootstrapFile(options)).rejects.toThrow(
      /does not answer \(fetch failed\), and the state directory holds no configuration/,
    )
    expect(await take(scene)).toBeUndefined()
    await startAlone(scene)
    expect(scene.status.applied?.revision).toBe(2)
  })

  it('never with what this data plane could not use', async () => {
    const scene = await Scene.applied()
    await expect(write(scene, { credentials: null })).rejects.toThrow(/no credentials/)
    await expect(write(scene, { snapshot: null })).rejects.toThrow(/there is no snapshot/)
  })
})
