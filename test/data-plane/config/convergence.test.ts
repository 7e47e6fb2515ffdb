import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareVersions, type Version } from '../../../contract/configuration/documents.ts'
import { textOf } from './authority.ts'
import { digestOf, virtualKey } from './entities.ts'
import { Scene } from './scene.ts'

type Step =
  | { readonly do: 'change'; readonly key: number; readonly remove: boolean }
  | { readonly do: 'new epoch' }
  | {
      readonly do: 'publish'
      readonly withSnapshot: boolean
      readonly lose: readonly number[]
      readonly shuffle: number
    }
  | { readonly do: 'play back' }
  | { readonly do: 'hint' | 'look' | 'restart' | 'cut' | 'heal' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('change' as const), key: fc.nat(5), remove: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      withSnapshot: fc.boolean(),
      lose: fc.array(fc.nat(8), { maxLength: 3 }),
      shuffle: fc.nat(7),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'new epoch' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'play back' as const }) },
  { weight: 4, arbitrary: fc.constantFrom('hint', 'look').map((name) => ({ do: name })) },
  { weight: 1, arbitrary: fc.constantFrom('restart', 'cut', 'heal').map((name) => ({ do: name })) },
)

/** Lost, doubled and reordered: what a store may make of the deltas. */
function mangle(deltas: readonly string[], lose: readonly number[], shuffle: number): string[] {
  const kept = deltas.filter((_, index) => !lose.includes(index))
  return shuffle % 2 === 0 ? kept : [...kept, ...kept].reverse()
}

async function perform(scene: Scene, action: Step, heads: string[]): Promise<void> {
  const { authority, channel } = scene
  if (action.do === 'change') {
    const id = `vk_${action.key + 2}`
    if (action.remove) authority.change([], [`virtual_key/${id}`])
    else authority.change([virtualKey(id, { name: `at ${authority.revision}` })])
  } else if (action.do === 'new epoch') {
    authority.epoch += 1
    authority.deltas.length = 0
    authority.change([])
  } else if (action.do === 'publish') {
    channel.publish(authority, { snapshot: action.withSnapshot })
    channel.deltas = mangle(authority.deltas.map(textOf), action.lose, action.shuffle)
    heads.push(channel.head ?? '')
  } else if (action.do === 'play back') {
    channel.head = heads[heads.length >> 1] ?? channel.head
  } else if (action.do === 'hint') channel.hint()
  else if (action.do === 'look') await scene.look()
  else if (action.do === 'restart') await scene.restart()
  else channel.down = action.do === 'cut'
}

it('any deliveries of any revisions end at the head, and never lead back on the way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const scene = await Scene.applied()
      const heads: string[] = []
      let before: Version = { epoch: 0, revision: 0 }
      const check = () => {
        const { applied } = scene.status
        if (!applied) return
        expect(compareVersions(applied, before)).toBeGreaterThanOrEqual(0)
        before = applied
      }
      for (const action of steps) {
        await perform(scene, action, heads)
        check()
      }
      scene.channel.down = false
      scene.channel.publish(scene.authority)
      await scene.look()
      await scene.look()
      check()
      const { hash, revision } = scene.authority.snapshot()
      expect(scene.status).toMatchObject({ status: 'applied', lastError: null, applied: { hash, revision } })
      for (const entity of scene.authority.entities.values()) {
        if (entity.kind !== 'virtual_key') continue
        expect(scene.follower.configuration?.keyByDigest(digestOf(entity.id))?.name).toBe(entity.name)
      }
      await scene.follower.close()
    }),
    { numRuns: 60 },
  )
}, 60_000)
