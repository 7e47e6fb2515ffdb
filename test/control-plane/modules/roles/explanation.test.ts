import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PermissionReason } from '../../../../control-plane/modules/roles/explain-permission.ts'
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

/** @returns the explanations that were given, without the names in them. */
async function explainDrawn(parameters: fc.Parameters<unknown>): Promise<ReadonlySet<string>> {
  const seen = new Set<string>()
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
      for (const reason of explained.reasons) {
        checkReason(reason)
        seen.add(reason.explanation.replaceAll(/"[^"]*"/g, '"…"'))
      }
    }
  })
  // To make a world smaller that takes half a second each time takes long.
  await fc.assert(run, { numRuns: 20, endOnFailure: true, ...parameters } as object)
  return seen
}

function checkReason({ role, via, counts, explanation }: PermissionReason): void {
  if (counts || via.length > 0) expect(via[0]).toBe(role)
  if (counts) expect(explanation).toMatch(/^The role ".*" (gives|inherits) it/)
  else expect(explanation).not.toMatch(/^The role|^Does not count here/)
}

it('what is explained is what is decided, and it is allowed exactly when a reason counts', async () => {
  await explainDrawn({})
}, 240_000)

it('everything that can stand in the way of a role is told', async () => {
  const explanations = [...(await explainDrawn({ seed: 1 }))].join('\n')
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
