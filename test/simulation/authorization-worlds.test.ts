import { expect, it } from 'vitest'
import { findDisagreement } from './authorization-worlds.ts'

it('what roles and access policies decide is what Cedar decides', () => {
  const seen = { allowed: 0, denied: 0 }
  const onWorld = (_: number, decisions: typeof seen) => Object.assign(seen, decisions)
  for (const seed of [1, 2, 3]) expect(findDisagreement({ seed, worlds: 20, onWorld })).toBeUndefined()
  // Both answers are common, or there would be nothing to disagree about.
  expect(Math.min(seen.allowed, seen.denied)).toBeGreaterThan(20)
}, 60_000)
