import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Delta } from '../../../contract/configuration/documents.ts'
import { Authority, textOf } from './authority.ts'
import { digestOf, organization, team, virtualKey } from './entities.ts'
import { Scene } from './scene.ts'

/** Whatever comes, the configuration before it goes on serving, and the reason is there to be read. */
async function expectRefusal(scene: Scene, reason: RegExp): Promise<void> {
  await scene.look()
  expect(scene.status.status).toBe('refused')
  expect(scene.status.lastError).toMatch(reason)
  expect(scene.status.applied?.revision).toBe(1)
  expect(scene.follower.configuration?.keyByDigest(digestOf('vk_1'))?.id).toBe('vk_1')
}

async function withSecondRevision(): Promise<Scene> {
  const scene = await Scene.applied()
  scene.authority.change([virtualKey('vk_2')])
  scene.channel.publish(scene.authority)
  return scene
}

describe('a document that is not to be trusted is refused with its reason while the last good configuration serves', () => {
  it('a flipped byte in delta and snapshot', async () => {
    const scene = await withSecondRevision()
    const flip = (text: string) => text.replace('"name":"vk_2"', '"name":"vk_3"')
    scene.channel.deltas = scene.channel.deltas.map(flip)
    scene.channel.snapshot = flip(scene.channel.snapshot ?? '')
    await expectRefusal(scene, /epoch 1, revision 2 was refused: .*was altered/)
  })

  it('a flipped byte in the head', async () => {
    const scene = await withSecondRevision()
    const { payload, ...rest } = JSON.parse(scene.channel.head ?? '')
    const altered = Buffer.from(payload, 'base64').toString().replace('"revision":2', '"revision":3')
    scene.channel.head = JSON.stringify({ ...rest, payload: Buffer.from(altered).toString('base64') })
    await expectRefusal(scene, /head: no valid signature by a known key/)
  })

  it('a foreign signature', async () => {
    const scene = await withSecondRevision()
    const { privateKey } = generateKeyPairSync('ed25519')
    scene.channel.head = scene.authority.head({}, { id: scene.authority.signingKey.id, privateKey })
    await expectRefusal(scene, /head: no valid signature by a known key/)
    const stranger = await Authority.create()
    scene.channel.head = scene.authority.head({}, stranger.signingKey)
    await expectRefusal(scene, new RegExp(`signed by ${stranger.signingKey.id}`))
  })

  it('an older revision, and an older epoch', async () => {
    const scene = await Scene.applied()
    const first = scene.channel.head
    scene.authority.change([virtualKey('vk_2')])
    scene.channel.publish(scene.authority)
    await scene.look()
    expect(scene.status.applied?.revision).toBe(2)
    scene.channel.head = first
    await scene.look()
    expect(scene.status).toMatchObject({ status: 'refused', applied: { revision: 2 } })
    expect(scene.status.lastError).toMatch(/head is at epoch 1, revision 1, older than epoch 1, revision 2/)
  })

  it('another hash for a version that was seen', async () => {
    const scene = await Scene.applied()
    scene.channel.head = scene.authority.head({ hash: 'a'.repeat(64) })
    await expectRefusal(scene, /head names epoch 1, revision 1 with hash a+, but that version had hash/)
  })

  it('an unknown format of head, snapshot and delta', async () => {
    const scene = await withSecondRevision()
    const good = scene.channel.head
    scene.channel.head = scene.authority.head({ format: 2 as 1 })
    await expectRefusal(scene, /head has the unknown format 2: this data plane reads format 1/)
    scene.channel.head = good
    scene.channel.setDeltas(scene.authority.deltas.map((delta) => ({ ...delta, format: 2 as 1 })))
    scene.channel.setSnapshot(scene.authority.snapshot({ format: 2 as 1 }))
    await expectRefusal(scene, /delta has the unknown format 2.*snapshot has the unknown format 2/)
  })

  it('a document for another organization', async () => {
    const scene = await withSecondRevision()
    const good = scene.channel.head
    scene.channel.head = scene.authority.head({ organizationId: 'org_2' })
    await expectRefusal(scene, /head is for organization org_2, this data plane serves org_1/)
    scene.channel.head = good
    scene.channel.deltas = []
    scene.channel.setSnapshot(scene.authority.snapshot({ organizationId: 'org_2' }))
    await expectRefusal(scene, /snapshot is for organization org_2/)
  })

  it('a missing delta that no snapshot makes good', async () => {
    const scene = await withSecondRevision()
    scene.authority.change([virtualKey('vk_3')])
    scene.channel.head = scene.authority.head()
    scene.channel.snapshot = null
    scene.channel.setDeltas(scene.authority.deltas.filter(({ revision }) => revision !== 2))
    await expectRefusal(scene, /delta 2 is missing after revision 1; there is no snapshot/)
  })

  it('text that is no document', async () => {
    const scene = await withSecondRevision()
    scene.channel.head = 'not json'
    await expectRefusal(scene, /head: not a signed envelope/)
  })

  it('plugins that this data plane cannot run', async () => {
    const scene = await Scene.create()
    const { ConfigurationRefused } = await import('../../../data-plane/config/refusal.ts')
    let refuse = false
    scene.follower = scene.newFollower({
      accept() {
        if (refuse) throw new ConfigurationRefused('plugin "x" is not loaded on this data plane')
      },
    })
    await scene.follower.restore()
    await scene.follower.refresh()
    refuse = true
    scene.authority.change([virtualKey('vk_2')])
    scene.channel.publish(scene.authority)
    await expectRefusal(scene, /plugin "x" is not loaded/)
    refuse = false
    await scene.look()
    expect(scene.status).toMatchObject({ status: 'applied', lastError: null, applied: { revision: 2 } })
  })
})

describe('entities that do not make sense together refuse the whole revision', () => {
  const cases: readonly [string, (authority: Authority) => Delta, RegExp][] = [
    [
      'a reference to nothing',
      (authority) => authority.change([virtualKey('vk_2', { owner: { kind: 'team', id: 'team_9' } })]),
      /virtual_key\/vk_2 refers to team\/team_9, which does not exist/,
    ],
    [
      'the removal of something in use',
      (authority) => authority.change([], ['team/team_1']),
      /(user\/usr_1|virtual_key\/vk_1) refers to team\/team_1, which does not exist/,
    ],
    [
      'a secret digest of two keys',
      (authority) =>
        authority.change([virtualKey('vk_2', { secretDigests: virtualKey('vk_1').secretDigests })]),
      /virtual_key\/vk_\d has the secret digest of virtual_key\/vk_\d/,
    ],
    [
      'two organizations',
      (authority) => authority.change([{ ...organization, id: 'org_2' }]),
      /organization\/org_\d has the place of the only organization/,
    ],
  ]
  it.each(cases)('%s', async (_name, change, reason) => {
    const scene = await Scene.applied()
    change(scene.authority)
    scene.channel.publish(scene.authority)
    await expectRefusal(scene, reason)
  })

  it('a revision that puts it right is applied over the refused one', async () => {
    const scene = await Scene.applied()
    scene.authority.change([virtualKey('vk_2', { owner: { kind: 'team', id: 'team_2' } })])
    scene.channel.publish(scene.authority)
    await expectRefusal(scene, /team_2/)
    scene.authority.change([{ ...team, id: 'team_2' }])
    scene.channel.publish(scene.authority, { snapshot: false })
    await scene.look()
    expect(scene.status).toMatchObject({ status: 'applied', applied: { revision: 3 } })
    expect(scene.follower.configuration?.keyByDigest(digestOf('vk_2'))?.id).toBe('vk_2')
  })
})

describe('a refusal is not read again all the time', () => {
  it('waits before it tries the same head once more, and tells the same reason meanwhile', async () => {
    const scene = await withSecondRevision()
    scene.channel.deltas = []
    scene.channel.snapshot = null
    await scene.look()
    const reads = scene.channel.snapshotReads
    for (let attempt = 0; attempt < 5; attempt += 1) await scene.follower.refresh()
    expect(scene.channel.snapshotReads).toBe(reads)
    expect(scene.status.status).toBe('refused')
    scene.channel.snapshot = textOf(scene.authority.snapshot())
    await scene.look()
    expect(scene.status).toMatchObject({ status: 'applied', applied: { revision: 2 } })
  })
})
