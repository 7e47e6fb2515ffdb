import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultSettings } from '../../../../control-plane/modules/client-configuration/settings.ts'
import {
  findWidening,
  type HeaderSettings,
} from '../../../../control-plane/modules/client-configuration/widening.ts'
import { compileLists } from '../../../../plugins/header-filter/lists.ts'

const base: HeaderSettings = {
  allowedHeaders: ['content-type'],
  forwardAllowlist: ['x-a', 'x-trace-*'],
  forwardDenylist: ['cookie', 'x-secret-*'],
  forwardDirect: false,
}
const from = (before: Partial<HeaderSettings>, after: Partial<HeaderSettings>) =>
  findWidening({ ...base, ...before }, { ...base, ...before, ...after })

describe('a change lets more headers through when', () => {
  it.each([
    ['a header is allowed', {}, { forwardAllowlist: ['x-a', 'x-trace-*', 'x-b'] }, /allowlist admits "x-b"/],
    ['a prefix is allowed', {}, { forwardAllowlist: ['x-*'] }, /allowlist admits "x-\*"/],
    ['an exact name becomes a prefix', {}, { forwardAllowlist: ['x-a*'] }, /allowlist admits "x-a\*"/],
    ['all are allowed', {}, { forwardAllowlist: null }, /allowlist admits "\*"/],
    ['one is denied no more', {}, { forwardDenylist: ['x-secret-*'] }, /denylist leaves out "cookie"/],
    ['a denied prefix is narrowed', {}, { forwardDenylist: ['cookie', 'x-secret-a*'] }, /"x-secret-\*"/],
    ['the prefix is needed no more', {}, { forwardDirect: true }, /without the prefix/],
    ['a page may send one', {}, { allowedHeaders: ['content-type', 'x-b'] }, /pages may send "x-b"/],
    [
      'a list takes the place of none, and its entries need no prefix',
      { forwardAllowlist: null, forwardDirect: true },
      { forwardAllowlist: ['x-a'] },
      /"x-a" is forwarded without the prefix/,
    ],
  ] as const)('%s', (_, before, after, told) => {
    expect(from(before as Partial<HeaderSettings>, after as Partial<HeaderSettings>).join('; ')).toMatch(told)
  })
})

describe('a change lets no more headers through when', () => {
  it.each([
    ['nothing changes', {}, {}],
    ['the order changes', {}, { forwardAllowlist: ['x-trace-*', 'x-a'] }],
    ['an entry goes', {}, { forwardAllowlist: ['x-a'], allowedHeaders: [] }],
    ['a prefix already holds the entry', {}, { forwardAllowlist: ['x-a', 'x-trace-*', 'x-trace-id'] }],
    ['a prefix is narrowed', {}, { forwardAllowlist: ['x-a', 'x-trace-i*'] }],
    ['more is denied', {}, { forwardDenylist: ['cookie', 'x-secret-*', 'x-a'] }],
    ['a wider prefix is denied', {}, { forwardDenylist: ['cookie', 'x-*'] }],
    ['the prefix is needed again', { forwardDirect: true }, { forwardDirect: false }],
    ['a list takes the place of none', { forwardAllowlist: null }, { forwardAllowlist: ['x-a'] }],
  ] as const)('%s', (_, before, after) => {
    expect(from(before as Partial<HeaderSettings>, after as Partial<HeaderSettings>)).toEqual([])
  })
})

it('no header passes a data plane’s filter that did not before, unless it is told [S1-45]', () => {
  const name = fc.constantFrom('x-a', 'x-ab', 'x-b', 'y', 'y_a')
  const entry = fc.oneof(name, fc.constantFrom('*', 'x-*', 'x-a*', 'y*'))
  const settings = fc.record({
    allowedHeaders: fc.constant(defaultSettings.allowedHeaders),
    forwardAllowlist: fc.option(fc.array(entry, { maxLength: 3 })),
    forwardDenylist: fc.array(entry, { maxLength: 2 }),
    forwardDirect: fc.boolean(),
  })
  const filterOf = ({ forwardAllowlist, forwardDenylist, forwardDirect }: HeaderSettings) =>
    compileLists({ allowlist: forwardAllowlist, denylist: forwardDenylist, forwardDirect })
  const property = fc.property(settings, settings, name, (before, after, header) => {
    fc.pre(findWidening(before, after).length === 0)
    const [earlier, later] = [filterOf(before), filterOf(after)]
    if (later.admitsPrefixed(header)) expect(earlier.admitsPrefixed(header)).toBe(true)
    if (later.admitsDirect(header)) expect(earlier.admitsDirect(header)).toBe(true)
  })
  fc.assert(property, { numRuns: 3_000, maxSkipsPerRun: 1_000 })
})
