import { expect, it } from 'vitest'
import { budgets } from '../../chaos/budgets.ts'

const seed = 20_261_128

it('no level is billed more than its budget, and no money is stuck, whatever is killed or halted meanwhile', async () => {
  const finding = await budgets.prove({ seed, seconds: 8, dataPlanes: 2 }, () => undefined)
  expect(finding.verdict).toMatchObject({ overspendNanoUsd: 0, heldAfterQuietNanoUsd: 0, driftNanoUsd: 0 })
  expect(finding.isKept, JSON.stringify(finding.verdict)).toBe(true)
  // On a slow machine many of them would hit who is down already.
  expect(finding.verdict.faults).toBeGreaterThan(3)
}, 240_000)
