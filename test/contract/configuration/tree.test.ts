import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Entity, type EntityKey, keyOf } from '../../../contract/configuration/entities.ts'
import { ConfigurationTree } from '../../../contract/configuration/tree.ts'

const entity = fc.oneof(
  fc.record({
    kind: fc.constant('organization' as const),
    id: fc.string({ minLength: 1, maxLength: 3 }),
    name: fc.string(),
  }),
  fc.record({
    kind: fc.constant('user' as const),
    id: fc.string({ minLength: 1, maxLength: 3 }),
    teamId: fc.option(fc.string({ minLength: 1, maxLength: 3 })),
    active: fc.boolean(),
  }),
)
const entities = fc.uniqueArray(entity, { selector: keyOf, maxLength: 60 })

function rootOf(all: readonly Entity[]): string {
  const tree = new ConfigurationTree()
  for (const one of all) tree.set(one)
  return tree.root()
}

it('has one root for one set of entities, in whatever order they came', () => {
  fc.assert(
    fc.property(entities, fc.infiniteStream(fc.nat()), (all, order) => {
      const shuffled = all
        .map((one) => ({ one, rank: order.next().value ?? 0 }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ one }) => one)
      expect(rootOf(shuffled)).toBe(rootOf(all))
    }),
    { seed: 11, numRuns: 60 },
  )
})

it('reaches the same root by changes as by building it anew', () => {
  const change = fc.oneof(
    fc.record({ set: entity }),
    fc.record({ remove: fc.nat({ max: 20 }) }),
    fc.record({ look: fc.constant(true) }),
  )
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const tree = new ConfigurationTree()
      const present = new Map<EntityKey, Entity>()
      for (const step of changes) {
        if ('set' in step) {
          tree.set(step.set)
          present.set(keyOf(step.set), step.set)
        } else if ('remove' in step) {
          const key = [...present.keys()][step.remove] ?? 'user/unknown'
          tree.delete(key)
          present.delete(key)
        } else {
          expect(tree.root()).toBe(rootOf([...present.values()]))
        }
      }
      expect(tree.root()).toBe(rootOf([...present.values()]))
    }),
    { seed: 12, numRuns: 60 },
  )
})

it('has another root after any change', () => {
  fc.assert(
    fc.property(entities, entity, (all, extra) => {
      const others = all.filter((one) => keyOf(one) !== keyOf(extra))
      const before = rootOf(others)
      expect(rootOf([...others, extra])).not.toBe(before)
      const renamed = { ...extra, id: `${extra.id}x` }
      expect(rootOf([...others, renamed])).not.toBe(rootOf([...others, extra]))
    }),
    { seed: 13, numRuns: 60 },
  )
})

it('notices a change of one member', () => {
  const user = { kind: 'user', id: 'usr_1', teamId: 'team_1', active: true } as const
  expect(rootOf([{ ...user, active: false }])).not.toBe(rootOf([user]))
  expect(rootOf([{ ...user, teamId: null }])).not.toBe(rootOf([user]))
})

// The root is part of the wire format: another value here means that two releases cannot talk.
it('keeps the roots that earlier releases computed', () => {
  const organization = { kind: 'organization', id: 'org_1', name: 'Acme' } as const
  expect(rootOf([])).toMatchInlineSnapshot(
    `"4a1e42baaf1af78e59d712d1ac8a4bd7ddace43fd6cd84576ea71105ca6a4d21"`,
  )
  expect(rootOf([organization])).toMatchInlineSnapshot(
    `"d28b23a05346103ce51ca505804b54c604da605399e7027fe6e3408bb925e0b1"`,
  )
})
