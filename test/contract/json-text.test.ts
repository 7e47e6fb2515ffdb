import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonText } from '../../contract/json-text.ts'

const limits = { mostDepth: 8 }

describe('a JSON text', () => {
  it('says what JSON.parse says, however it is laid out', () => {
    const values = fc.jsonValue({ maxDepth: 6 })
    fc.assert(
      fc.property(values, fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        expect(parseJsonText(text, limits)).toEqual(JSON.parse(text))
      }),
    )
  })

  it.each([
    ['at the top', '{"a":1,"a":1}', 'a'],
    ['between others', '{"a":1,"b":{},"a":2}', 'a'],
    ['deep', '[{"b":{"c":1 , "d":[],\n"c"\t:2}}]', 'c'],
    ['in another spelling', '{"a":1,"\\u0061":2}', 'a'],
    ['that needs escapes', '{"\\"}":1,"\\"}":2}', '"}'],
    ['of a prototype', '{"__proto__":1,"__proto__":2}', '__proto__'],
    ['that is empty', '{"":1,"":2}', ''],
  ])('is refused with the same name twice %s', (_, text, name) => {
    expect(() => parseJsonText(text, limits)).toThrow(`names "${name}" twice in one object`)
  })

  it.each(['{"a":"a","b":["a","a",{"a":1}],"c":{"a":1}}', '{"a":"\\"a\\":1","b":"a"}', '"a"'])(
    'may repeat a name as a value, and in another object: %s',
    (text) => {
      expect(parseJsonText(text, limits)).toEqual(JSON.parse(text))
    },
  )

  it('is refused beyond its depth, however deep it goes', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    expect(() => parseJsonText(nested(8), limits)).not.toThrow()
    for (const depth of [9, 500_000]) {
      expect(() => parseJsonText(nested(depth), limits)).toThrow('is nested more than 8 deep')
    }
  })

  it('is refused without being repeated when it is none', () => {
    expect(() => parseJsonText('{"secret": hunter2}', limits)).toThrow(/^is not JSON$/)
  })
})
