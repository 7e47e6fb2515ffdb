import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createInstallation, type Installation } from '../../organization.ts'
import { ExplanationWorld } from './explanation-world.ts'

let installation: Installation
beforeAll(async () => {
  installation = await createInstallation()
})
afterAll(() => installation.close())

const picks = (length: number) => fc.array(fc.nat(1_000), { minLength: length, maxLength: length })
const world = fc.record({
  roles: fc.array(picks(8), { minLength: 3, maxLength: 6 }),
  assignments: fc.array(picks(4), { minLength: 2, maxLength: 7 }),
  tokens: fc.array(picks(4), { minLength: 2, maxLength: 4 }),
  age: fc.option(picks(2), { freq: 2 }),
  questions: fc.array(fc.record({ subject: fc.nat(), place: fc.nat(), permission: fc.nat() }), {
    ...{ minLength: 25, maxLength: 25 },
  }),
})

it('what is explained is what is decided, and it is allowed exactly when a reason counts', async () => {
  const seen = new Map<string, number>()
  const run = fc.asyncProperty(world, async ({ roles, assignments, tokens, age, questions }) => {
    const drawn = await ExplanationWorld.open(installation)
    for (const one of roles) await drawn.createRole(one)
    for (const one of assignments) await drawn.assign(one)
    for (const one of tokens) await drawn.issue(one)
    if (age) await drawn.age(age)
    for (const question of questions) {
      const { explained, expected } = await drawn.ask(question)
      expect(explained.allowed).toBe(expected)
      expect(explained.reasons.some(({ counts }) => counts)).toBe(expected)
      for (const { explanation, counts, via, role } of explained.reasons) {
        const words = explanation.replaceAll(/"[^"]*"/g, '"…"')
        seen.set(words, (seen.get(words) ?? 0) + 1)
        expect(words).not.toBe('Does not count here.')
        if (counts || via.length > 0) expect(via[0]).toBe(role)
        if (counts) expect(explanation).toMatch(/^The role ".*" (gives|inherits) it/)
      }
    }
  })
  await fc.assert(run, { numRuns: 20, endOnFailure: true })
  // The draws reach everything that can stand in the way of a role.
  const explanations = [...seen.keys()].join('\n')
  for (const words of everyObstacle) expect(explanations).toContain(words)
}, 240_000)

const everyObstacle = [
  'Expired: ',
  'The user is inactive.',
  'The token has expired.',
  'Withheld from the system role',
  'Neither the role "…" nor one that it inherits from names it.',
  'Bounded by the user’s own roles',
  'Bounded by the token’s own role',
  'Given for one object alone',
  'Given for another object.',
  'Confined to other workspaces',
  'Confined to workspaces, and what',
  'Reaches fewer workspaces',
]
