import { expect, it } from 'vitest'
import { records } from '../../chaos/records.ts'

const seed = 20_261_128

it('each call that the provider was asked is in the audit trail once, whatever is killed meanwhile', async () => {
  const finding = await records.prove({ seed, seconds: 8, dataPlanes: 2 }, () => undefined)
  expect(finding.broken).toEqual({ missing: [], doubled: [], invented: [] })
  expect(finding.isKept).toBe(true)
  // On a slow machine many of them would hit who is down already.
  expect(finding.verdict.faults).toBeGreaterThan(3)
}, 240_000)
