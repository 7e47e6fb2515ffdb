import { expect, it } from 'vitest'
import { proveRecords } from '../../chaos/records.ts'

const seconds = 8
const seed = 20_261_128

it('each call that the provider was asked is in the audit trail once, whatever is killed meanwhile', async () => {
  const { verdict, differences } = await proveRecords({ seed, seconds, dataPlanes: 2 }, () => undefined)
  expect(differences).toEqual({ missing: [], doubled: [], invented: [] })
  expect(verdict.calls).toBeGreaterThan(50)
  expect(verdict.faults).toBeGreaterThan(4)
}, 240_000)
