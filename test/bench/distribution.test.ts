import { expect, it } from 'vitest'
import { readDistributionFlags } from '../../bench/distribution/flags.ts'
import type { Distribution } from '../../bench/distribution/measure.ts'
import { costOfOneMoreKey } from '../../bench/distribution/one-more-key.ts'

it('measures 1 000, 10 000 and 100 000 keys unless it is told otherwise', () => {
  expect(readDistributionFlags([])).toEqual({ sizes: [1_000, 10_000, 100_000], changes: 200 })
  expect(readDistributionFlags(['--keys', '500', '--changes', '40'])).toEqual({ sizes: [500], changes: 40 })
  expect(readDistributionFlags(['--help'])).toBe('help')
})

it.each([
  [['--keys', 'many'], '--keys'],
  [['--keys', '1000,'], '--keys'],
  [['--keys', '100', '--changes', '200'], '--keys'],
  [['--changes', '0'], '--changes'],
  [['--unheard-of'], '--unheard-of'],
])('refuses %j and names the flag', (args, name) => {
  expect(() => readDistributionFlags(args)).toThrow(name)
})

it('tells what one more key costs by the smallest and the largest size', () => {
  const size = (keys: number): Distribution => ({
    ...{ keys, appliedP50Ms: 10, appliedP99Ms: 20, deltaBytes: 700, snapshotBytes: 500 * keys },
    changeCpuMs: { controlPlane: 10, dataPlane: 5 },
    changeStallMs: { controlPlane: 10, dataPlane: 10 },
    residentMb: { controlPlane: 200 + keys / 1_000, dataPlane: 200 + keys / 500 },
    snapshotMs: { controlPlane: 30 + keys / 100, dataPlane: 30 + keys / 50 },
    snapshotStallMs: { controlPlane: 20, dataPlane: 20 },
    startMs: { controlPlane: 1_500, dataPlane: 800 + keys / 100 },
  })
  expect(costOfOneMoreKey([size(10_000), size(1_000), size(100_000)])).toEqual({
    snapshotBytes: 500,
    residentKb: { controlPlane: 1, dataPlane: 2 },
    snapshotMicros: { controlPlane: 10, dataPlane: 20 },
    startMicros: { controlPlane: 0, dataPlane: 10 },
  })
  expect(costOfOneMoreKey([size(1_000)])).toBeUndefined()
})
