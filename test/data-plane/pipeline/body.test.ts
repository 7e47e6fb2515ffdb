import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { modelOf, scanBody } from '../../../data-plane/pipeline/body.ts'
import { maxDepth } from '../../../data-plane/pipeline/json-scan.ts'
import { Denied } from '../../../plugins/sdk/denied.ts'

const scan = (text: string | Buffer) => scanBody(Buffer.from(text))

/** What the scanner says, in the words of a parsed body. */
function read(text: string) {
  const body = Buffer.from(text)
  const fields = scanBody(body)
  return {
    model: fields.model && modelOf(body, fields.model),
    stream: fields.stream,
    maxOutputTokens: fields.maxOutputTokens?.value ?? null,
    choices: fields.choices,
    includeUsage: fields.streamOptions?.includeUsage ?? false,
  }
}

const filler = fc.string({ unit: 'grapheme' }).filter((name) => !/model|stream|^n$|best_of|max_/i.test(name))
const body = fc.record(
  {
    model: fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => text.isWellFormed()),
    stream: fc.constantFrom(true, false, null),
    max_tokens: fc.option(fc.nat()),
    n: fc.integer({ min: 1, max: 128 }),
    stream_options: fc.option(fc.record({ include_usage: fc.boolean() })),
    messages: fc.jsonValue(),
  },
  { requiredKeys: [] },
)

describe('the body scanner', () => {
  it('reads of any JSON object what JSON.parse reads', () => {
    const spelling = fc.constantFrom(0, 1, '\t', ' \n ')
    fc.assert(
      fc.property(body, fc.dictionary(filler, fc.jsonValue()), spelling, (known, unknown, space) => {
        const mixed = Object.fromEntries(
          [...Object.entries(known), ...Object.entries(unknown)].sort(([a], [b]) => (a < b ? 1 : -1)),
        )
        const parsed: typeof known = JSON.parse(JSON.stringify(mixed))
        expect(read(` ${JSON.stringify(mixed, null, space)}\r\n`)).toEqual({
          model: parsed.model,
          stream: parsed.stream ?? false,
          maxOutputTokens: parsed.max_tokens ?? null,
          choices: parsed.n ?? 1,
          includeUsage: parsed.stream_options?.include_usage ?? false,
        })
      }),
      { numRuns: 500 },
    )
  })

  it('takes the replacement character for a character like any other', () => {
    expect(read('{"model":"a\ufffd"}').model).toBe('a\ufffd')
  })

  it('never accepts a body with another model than JSON.parse finds in it, however it is damaged', () => {
    const damage = fc.tuple(fc.nat(), fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', ' ', 'a', '0'))
    fc.assert(
      fc.property(body, fc.array(damage, { maxLength: 4 }), (original, damages) => {
        let text = JSON.stringify(original)
        for (const [at, byte] of damages) {
          const place = at % text.length
          text = text.slice(0, place) + byte + text.slice(place + 1)
        }
        // Half of a pair of surrogates does not reach anybody.
        text = text.toWellFormed()
        let scanned: ReturnType<typeof read>
        try {
          scanned = read(text)
        } catch (error) {
          expect(error).toBeInstanceOf(Denied)
          return
        }
        let parsed: unknown
        try {
          parsed = JSON.parse(text)
        } catch {
          return
        }
        expect(parsed).toMatchObject(scanned.model === undefined ? {} : { model: scanned.model })
      }),
      { numRuns: 2000 },
    )
  })

  it('answers any bytes with fields or with a refusal, never with another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          scan(Buffer.from(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(Denied)
        }
      }),
    )
  })

  it.each([
    ['a second model', '{"model":"a","x":1,"model":"b"}'],
    ['a second model in an escaped spelling', '{"model":"a","mod\\u0065l":"b"}'],
    ['a model in another case, which Go would read', '{"model":"a","MODEL":"b"}'],
    ['a stream with the long s, which Go would read', '{"\u017ftream":true}'],
    ['a max_tokens with the Kelvin sign, which Go would read', '{"max_to\u212aens":1}'],
    ['two output limits', '{"max_tokens":1,"max_completion_tokens":9}'],
    ['a model that is no string', '{"model":["a"]}'],
    ['a model that is not UTF-8', Buffer.from([...Buffer.from('{"model":"a'), 0xff, ...Buffer.from('"}')])],
    ['a model with a raw control character', '{"model":"a\u0001"}'],
    ['a stream that is no boolean', '{"stream":"true"}'],
    ['a negative limit', '{"max_tokens":-1}'],
    ['a fraction of a token', '{"max_tokens":1.5}'],
    ['more answers than the bound', '{"n":129}'],
    ['an array', '[1]'],
    ['nothing', ''],
    ['a byte order mark', '\ufeff{}'],
    ['something behind the object', '{} {}'],
    ['a trailing comma', '{"a":1,}'],
    ['brackets that do not match', '{"messages":[},"model":"x"]}'],
    ['a literal that is none', '{"a":truth}'],
    ['a string without an end', '{"a":"\\"}'],
    ['a depth bomb', `{"a":${'['.repeat(maxDepth + 1)}${']'.repeat(maxDepth + 1)}}`],
  ])('refuses %s', (_what, text) => {
    const attempt = () => {
      const bytes = Buffer.from(text)
      const { model } = scanBody(bytes)
      if (model) modelOf(bytes, model)
    }
    expect(attempt).toThrow(Denied)
    expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_request_error' }))
  })

  it('does not confuse members of nested objects, or text in strings, with its own', () => {
    const text = '{"messages":[{"model":"no","content":"\\",\\"model\\":\\"no\\""}],"model":"yes"}'
    expect(read(text).model).toBe('yes')
  })

  it('says where values stand, so that they can be replaced without parsing', () => {
    const text = '{ "model" : "abc", "max_tokens" : 12 , "stream_options": {"include_usage":false} }'
    const { model, maxOutputTokens, streamOptions, insertAt } = scan(text)
    expect(text.slice(model?.start, model?.end)).toBe('"abc"')
    expect(text.slice(maxOutputTokens?.start, maxOutputTokens?.end)).toBe('12')
    expect(text.slice(streamOptions?.start, streamOptions?.end)).toBe('{"include_usage":false}')
    expect(insertAt).toBe(1)
  })
})
