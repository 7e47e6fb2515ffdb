import { describe, expect, it } from 'vitest'
import type { Entity } from '../../../contract/configuration/entities.ts'
import type { RawEntity } from '../../../contract/configuration/reading.ts'
import { findTargets } from '../../../plugins/rbac/targets.ts'
import { refusalOf } from '../../plugins/refusal.ts'
import { budget, digestOf, model, provider, providerKey, user, virtualKey } from './entities.ts'
import { Scene } from './scene.ts'

/*
 * A control plane of the next release publishes, and a data plane of this one follows. Its documents are signed and hashed
 * as they are; only what is made of them differs.
 */

const unknown = { curfew: '22:00' }

function later(entity: object, additions: object = {}): Entity {
  return { ...entity, ...additions } as unknown as Entity
}

const hint = later({ kind: 'routing_hint', id: 'rh_1', advisory: true, weight: 3 })

async function following(...upserts: readonly Entity[]): Promise<Scene> {
  const scene = await Scene.applied()
  await publish(scene, ...upserts)
  return scene
}

async function publish(scene: Scene, ...upserts: readonly Entity[]): Promise<void> {
  scene.authority.change(upserts)
  scene.channel.publish(scene.authority)
  await scene.look()
}

function keyOf(scene: Scene, id: string) {
  return scene.follower.configuration?.keyByDigest(digestOf(id))
}

function refusalOfTargets(scene: Scene, id: string, requested: string) {
  return refusalOf(() => findTargets(keyOf(scene, id)?.grants ?? [], requested))
}

const cases: readonly [string, readonly Entity[]][] = [
  ['an advisory kind', [hint]],
  ['an advisory member', [later(virtualKey('vk_2'), { hint: 1, advisory: ['hint'] })]],
  ['a restrictive member on a key', [later(virtualKey('vk_2'), unknown)]],
  ['a restrictive member on a budget', [later(budget('bud_1', 'team', 'team_1'), unknown)]],
  ['a restrictive kind', [later({ kind: 'token_limit', id: 'tl_1', maxTokens: 5 })]],
]

describe('a revocation that the next release makes arrives', () => {
  it.each(cases)('beside %s', async (_, upserts) => {
    const scene = await following(...upserts)
    scene.authority.revoked.push('vk_1')
    await publish(scene, virtualKey('vk_1', { status: 'revoked' }))
    const isRefused =
      scene.follower.configuration?.isRevoked('vk_1') || keyOf(scene, 'vk_1')?.status !== 'active'
    expect(isRefused).toBe(true)
  })

  it.each(cases)('beside %s, in one change with it', async (_, upserts) => {
    const scene = await Scene.applied()
    scene.authority.revoked.push('vk_1')
    await publish(scene, ...upserts, later(virtualKey('vk_1', { status: 'revoked' }), unknown))
    expect(scene.follower.configuration?.isRevoked('vk_1')).toBe(true)
  })
})

describe('what may be skipped is skipped and told', () => {
  it('with its kind or member, and in how many', async () => {
    const marked = (id: string) => later(virtualKey(id), { hint: 1, advisory: ['hint'] })
    const scene = await following(hint, marked('vk_2'), marked('vk_3'))
    expect(scene.status).toMatchObject({ status: 'applied', lastError: null })
    expect(scene.status.unread).toEqual({
      ignored: ['routing_hint (in 1)', 'virtual_key.hint (in 2)'],
      heldBack: [],
    })
    expect(keyOf(scene, 'vk_2')?.heldBack).toBeNull()
  })

  it('until it is gone', async () => {
    const scene = await following(hint, later(virtualKey('vk_2'), { hint: 1, advisory: ['hint'] }))
    scene.authority.change([virtualKey('vk_2')], ['routing_hint/rh_1' as 'team/x'])
    scene.channel.publish(scene.authority)
    await scene.look()
    expect(scene.status.unread).toEqual({ ignored: [], heldBack: [] })
  })

  it('but the hash covers it: not a byte of it can be changed on the way', async () => {
    const scene = await Scene.applied()
    scene.authority.change([hint])
    scene.channel.publish(scene.authority)
    const alter = (text: string) => text.replace('"weight":3', '"weight":4')
    scene.channel.deltas = scene.channel.deltas.map(alter)
    scene.channel.snapshot = alter(scene.channel.snapshot ?? '')
    await scene.look()
    expect(scene.status).toMatchObject({ status: 'refused', applied: { revision: 1 } })
    expect(scene.status.lastError).toMatch(/was altered/)
  })

  it('and is kept: a restart reads the same configuration from disk, and the next delta fits it', async () => {
    const scene = await following(hint, later(virtualKey('vk_2'), unknown))
    const { unread } = scene.status
    await scene.restart()
    await scene.follower.refresh()
    expect(scene.status).toMatchObject({ status: 'applied', applied: { revision: 2 }, unread })
    scene.channel.snapshot = null
    scene.authority.change([virtualKey('vk_3')])
    scene.channel.publish(scene.authority, { snapshot: false })
    await scene.look()
    expect(scene.status).toMatchObject({ status: 'applied', applied: { revision: 3 }, unread })
  })
})

describe('what only allows is held back, and nothing takes its place', () => {
  it('a key: its calls are refused for the right reason, its budgets are no obstacle, others are served', async () => {
    const scene = await following(
      later(virtualKey('vk_2'), unknown),
      budget('bud_key', 'virtual_key', 'vk_2'),
      budget('bud_config', 'provider_config', 'pc_vk_2'),
    )
    const reason = 'virtual_key/vk_2 cannot be read by this release: /curfew: unknown member'
    expect(keyOf(scene, 'vk_2')).toMatchObject({ id: 'vk_2', heldBack: reason, grants: [] })
    expect(keyOf(scene, 'vk_1')).toMatchObject({ heldBack: null, status: 'active' })
    expect(scene.status).toMatchObject({ status: 'applied', unread: { heldBack: [reason] } })
  })

  it('a key that was served before, from the revision on that restricts it', async () => {
    const scene = await following(later(virtualKey('vk_1'), unknown))
    expect(keyOf(scene, 'vk_1')?.heldBack).toMatch(/curfew/)
    await publish(scene, virtualKey('vk_1'))
    expect(keyOf(scene, 'vk_1')?.heldBack).toBeNull()
    expect(scene.status.unread.heldBack).toEqual([])
  })

  it('a user: the keys that they own', async () => {
    const owned = virtualKey('vk_2', { owner: { kind: 'user', id: 'usr_1' } })
    const scene = await following(owned, later(user, unknown), budget('bud_user', 'user', 'usr_1'))
    expect(keyOf(scene, 'vk_2')?.heldBack).toMatch(/user\/usr_1 .*curfew/)
    expect(keyOf(scene, 'vk_1')?.heldBack).toBeNull()
  })

  it('a provider: a call that names it goes to no other, and all others go on', async () => {
    const other = later(provider, { id: 'prov_2', name: 'other' })
    const key = virtualKey('vk_2', { allowAllProviders: true, providerConfigs: [] })
    const otherKey = later(providerKey, { id: 'pk_2', providerId: 'prov_2' })
    const scene = await following(other, otherKey, key, later(provider, unknown))
    for (const id of ['vk_1', 'vk_2']) {
      expect(await refusalOfTargets(scene, id, 'openai/gpt-4o-mini')).toMatchObject({
        code: 'config_unavailable',
        status: 503,
        message: expect.stringMatching(/^provider\/prov_1 .*curfew/),
      })
    }
    expect(findTargets(keyOf(scene, 'vk_2')?.grants ?? [], 'gpt-4o-mini')).toMatchObject([
      { grant: { provider: { name: 'other' } } },
    ])
  })

  it('a credential: another one of the provider serves, and without one nothing', async () => {
    const scene = await following(later(providerKey, unknown))
    expect(await refusalOfTargets(scene, 'vk_1', 'gpt-4o-mini')).toMatchObject({
      code: 'config_unavailable',
      message: expect.stringMatching(/^provider_key\/pk_1 /),
    })
    await publish(scene, later(providerKey, { id: 'pk_2' }))
    const [target] = findTargets(keyOf(scene, 'vk_1')?.grants ?? [], 'gpt-4o-mini')
    expect(target?.grant.providerKeys.map(({ id }) => id)).toEqual(['pk_2'])
  })

  it('a model: it is not asked for as one that the catalogue does not know', async () => {
    const known = later(model, { id: 'mdl_2', name: 'known', upstreamName: 'known' })
    const scene = await following(later(model, unknown), known)
    for (const requested of ['gpt-4o-mini', 'GPT-4o-mini', 'unheard-of', 'openai/gpt-4o-mini']) {
      expect(await refusalOfTargets(scene, 'vk_1', requested)).toMatchObject({
        code: 'config_unavailable',
        message: expect.stringMatching(/^model\/mdl_1 /),
      })
    }
    expect(findTargets(keyOf(scene, 'vk_1')?.grants ?? [], 'known')).toHaveLength(1)
  })

  it('a secret that two keys claim is refused, though one of them cannot be read', async () => {
    const scene = await following(
      later(virtualKey('vk_2', { secretDigests: virtualKey('vk_1').secretDigests }), unknown),
    )
    expect(scene.status.lastError).toMatch(/virtual_key\/vk_\d has the secret digest of virtual_key\/vk_\d/)
  })

  it('of very many only the first are told, and how many there are', async () => {
    const scene = await following(
      ...Array.from({ length: 25 }, (_, n) => later(virtualKey(`vk_9${n}`), unknown)),
    )
    expect(scene.status.unread.heldBack).toHaveLength(21)
    expect(scene.status.unread.heldBack.at(-1)).toBe('and 5 more')
  })
})

describe('anything else that is not known refuses the revision, and the last good one serves', () => {
  const restrictive: readonly [string, RawEntity | Entity, RegExp][] = [
    [
      'a budget',
      later(budget('bud_1', 'team', 'team_1'), unknown),
      /budget\/bud_1 .*\/curfew: unknown member/,
    ],
    ['a kind', later({ kind: 'token_limit', id: 'tl_1' }), /token_limit\/tl_1 is of a kind/],
    [
      'a plugin',
      later(
        { kind: 'plugin', id: 'plg_1', name: 'x', enabled: true, position: null, order: 0, config: {} },
        unknown,
      ),
      /plugin\/plg_1 .*curfew/,
    ],
  ]

  it.each(restrictive)('%s', async (_, entity, reason) => {
    const scene = await following(entity as Entity, later(virtualKey('vk_2')))
    expect(scene.status).toMatchObject({ status: 'refused', applied: { revision: 1 } })
    expect(scene.status.lastError).toMatch(reason)
    expect(keyOf(scene, 'vk_1')?.heldBack).toBeNull()
    expect(keyOf(scene, 'vk_2')).toBeUndefined()
  })

  it('and one that is put right is applied over it', async () => {
    const scene = await following(later(budget('bud_1', 'team', 'team_1'), unknown))
    await publish(scene, budget('bud_1', 'team', 'team_1'))
    expect(scene.status).toMatchObject({ status: 'applied', applied: { revision: 3 } })
  })
})
