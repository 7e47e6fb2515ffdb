import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allowsModel, blocksModel, compileModelPattern } from '../../contract/model-lists.ts'
import { longestPatternLength } from '../../contract/patterns.ts'

describe('a list of allowed models', () => {
  it.each([
    [['*'], 'anything', true],
    [[], 'gpt-4o', false],
    [['gpt-4o'], 'gpt-4o', true],
    [['gpt-4o'], 'GPT-4o', false],
    [['regex:gpt-4o(-mini)?'], 'gpt-4o-mini', true],
    [['regex:gpt-4o'], 'GPT-4O', true],
    [['regex:gpt-4o'], 'gpt-4o-mini', false],
    [['regex:mini'], 'gpt-4o-mini', false],
    [['regex:a|b'], 'ab', false],
    [['regex:.*', 'other'], 'x'.repeat(513), false],
  ])('%j allows %s: %s [X0-22]', (entries, model, expected) => {
    expect(allowsModel(entries)(model)).toBe(expected)
  })

  it('allows nothing by an entry that cannot be compiled', () => {
    expect(allowsModel(['regex:('])('(')).toBe(false)
  })
})

describe('a list of blocked models', () => {
  it.each([
    [['gpt-4o'], 'gpt-4o', true],
    [['gpt-4o'], ' GPT-4o ', true],
    [['gpt-4o'], 'gpt-4o-mini', false],
    [['*'], 'anything', true],
    [['regex:.*-preview'], 'o1-Preview', true],
    [['regex:.*-preview'], 'o1', false],
    [[], 'gpt-4o', false],
    [['gpt-4o'], 'x'.repeat(513), true],
  ])('%j blocks %s: %s', (entries, model, expected) => {
    expect(blocksModel(entries)(model)).toBe(expected)
  })

  it('blocks everything by an entry that cannot be compiled', () => {
    expect(blocksModel(['regex:('])('gpt-4o')).toBe(true)
  })
})

describe('a pattern', () => {
  it.each([
    ['regex:', /empty/],
    ['regex:(', /missing closing \)/],
    ['regex:(?=a)b', /unsupported/],
    ['regex:(a)\\1', /escape/],
    ['regex:(.{0,50}){0,18}b', /too large/],
    ['regex:a{1000}', /too large/],
    [`regex:${'a'.repeat(longestPatternLength + 1)}`, /more than 256 characters/],
  ])('%s is refused', (entry, reason) => {
    expect(() => compileModelPattern(entry)).toThrow(reason)
  })

  it.each(['regex:(a+)+', 'regex:(a|aa)+', 'regex:(a|a?)+', 'regex:(.*a){8}'])(
    'that makes a backtracking engine explode is matched in linear time: %s',
    (entry) => {
      expect(compileModelPattern(entry)(`${'a'.repeat(500)}!`)).toBe(false)
    },
  )

  it('is compiled or refused, whatever it is, and matches without an error', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }), (source, model) => {
        expect(typeof allowsModel([`regex:${source}`])(model)).toBe('boolean')
      }),
    )
  })
})
