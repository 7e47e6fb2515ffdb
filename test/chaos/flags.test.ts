import { describe, expect, it } from 'vitest'
import { readFlags, usage } from '../../chaos/flags.ts'
import { records } from '../../chaos/records.ts'

describe('flags of npm run chaos', () => {
  it('say seed, length and data planes', () => {
    const args = ['--scenario', 'records', '--seed', '7', '--seconds', '10', '--data-planes', '2']
    expect(readFlags(args)).toEqual({ scenario: records, seed: 7, seconds: 10, dataPlanes: 2 })
  })

  it('make another seed each time unless one is said', () => {
    const seeds = Array.from({ length: 3 }, () => readFlags(['--scenario', 'records']))
    expect(new Set(seeds.map((flags) => JSON.stringify(flags))).size).toBe(3)
  })

  it.each([
    [[], '--scenario takes records or budgets'],
    [['--scenario', 'storms'], '--scenario takes records or budgets'],
    [['--scenario', 'records', '--seed', '-1'], '--seed'],
    [['--scenario', 'records', '--seconds', '1'], '--seconds takes a whole number from 5 to 86400, not "1"'],
    [['--scenario', 'records', '--data-planes', 'three'], '--data-planes takes a whole number from 1 to 10'],
    [['--scenario', 'records', '--speed', '9'], "'--speed'"],
  ])('refuse %j by name', (args, message) => {
    expect(() => readFlags(args)).toThrow(message)
  })

  it('are all told by --help', () => {
    expect(readFlags(['--help'])).toBe('help')
    for (const flag of ['--scenario', '--seed', '--seconds', '--data-planes']) expect(usage).toContain(flag)
  })
})
