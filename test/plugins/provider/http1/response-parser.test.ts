import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readWithParser, startReference } from './read-response.ts'

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const head = (...lines: string[]) => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
const chunked = (body: string) => head('transfer-encoding: chunked') + body
const crowd = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}: 1`)

describe('a response that can be read in one way only is read so', () => {
  it.each([
    ['a length', `${head('Content-Length: 5')}hello`, 'hello'],
    ['no body by length', head('content-length: 0'), ''],
    ['an upper-case coding', `${head('Transfer-Encoding: Chunked')}0\r\n\r\n`, ''],
    ['chunks', chunked('5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n'), 'hello0123456789'],
    ['leading zeros', chunked('0005\r\nhello\r\n000\r\n\r\n'), 'hello'],
    ['chunk extensions', chunked('5;a;b=c;d="e\\"; f"\r\nhello\r\n0;x\r\n\r\n'), 'hello'],
    ['trailers', chunked('5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n'), 'hello'],
    ['the end of the connection', `${head('a: b')}hello`, 'hello'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello', 'hello'],
    ['no reason', 'HTTP/1.1 200 \r\ncontent-length: 1\r\n\r\nx', 'x'],
    [
      'interim responses',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\na: b\r\n\r\n${head('content-length: 1')}x`,
      'x',
    ],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['304 with the length of what it stands for', 'HTTP/1.1 304 x\r\ncontent-length: 9\r\n\r\n', ''],
    ['spaces around values', `${head('content-length:   1  ')}x`, 'x'],
    ['bytes beyond ASCII in a value', `${head('x: \xe9', 'content-length: 1')}x`, 'x'],
    ['200 fields', `${head(...crowd(199), 'content-length: 1')}x`, 'x'],
  ])('%s', async (_, text, body) => {
    expect(readWithParser(latin1(text))).toMatchObject({ isClean: true, body, used: text.length })
    const everywhere = Array.from({ length: text.length }, (_, index) => index)
    expect(readWithParser(latin1(text), everywhere)).toMatchObject({ isClean: true, body })
    expect(await (await startReference())(latin1(text))).toMatchObject({ isClean: true, body })
  })

  it('a field name that an object would take for its own is a name', () => {
    expect(
      readWithParser(latin1(`${head('__proto__: x', 'constructor: y', 'content-length: 1')}x`)),
    ).toMatchObject({
      isClean: true,
    })
  })
})

/** From llhttp's own tests, the advisories of Node and others, and the HTTP garden. */
const refused: [string, string][] = [
  ['no status line', 'SSH-2.0-x\r\n\r\n'],
  ['an empty line in front', `\r\n${head('content-length: 1')}x`],
  ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\ncontent-length: 1\r\n\r\nx'],
  ['HTTP/0.9', 'hello'],
  ['a lower-case version', 'http/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx'],
  ['two spaces', 'HTTP/1.1  200 OK\r\ncontent-length: 1\r\n\r\nx'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\ncontent-length: 1\r\n\r\nx'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\ncontent-length: 1\r\n\r\nx'],
  ['a status beyond any class', 'HTTP/1.1 600 OK\r\ncontent-length: 1\r\n\r\nx'],
  ['101', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
  [
    'interim responses without end',
    `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(17)}${head('content-length: 1')}x`,
  ],
  [
    'an interim response with a body',
    `HTTP/1.1 103 x\r\ncontent-length: 5\r\n\r\nhello${head('content-length: 0')}`,
  ],
  ['an interim response in HTTP/1.0', `HTTP/1.0 103 x\r\n\r\n${head('content-length: 0')}`],
  [
    'an interim response that closes',
    `HTTP/1.1 103 x\r\nconnection: close\r\n\r\n${head('content-length: 0')}`,
  ],
  ['204 with a body', 'HTTP/1.1 204 x\r\ncontent-length: 5\r\n\r\nhello'],
  ['204 in chunks', 'HTTP/1.1 204 x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a bare LF behind the status', 'HTTP/1.1 200 OK\ncontent-length: 1\r\n\r\nx'],
  ['a bare LF behind a field', 'HTTP/1.1 200 OK\r\ncontent-length: 1\n\r\nx'],
  ['a bare LF for the empty line', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\nx'],
  ['a bare CR', 'HTTP/1.1 200 OK\r\nx: a\rcontent-length: 9\r\ncontent-length: 1\r\n\r\nx'],
  ['CR CR LF', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\r\n\r\nx'],
  ['NUL in a value', `${head('x: a\0b', 'content-length: 1')}x`],
  ['NUL in a name', `${head('x\0: a', 'content-length: 1')}x`],
  ['a vertical tab', `${head('content-length:\v1')}x`],
  ['a folded line', `${head('x: a', ' content-length: 9', 'content-length: 1')}x`],
  ['a line folded by a tab', `${head('x: a', '\tb', 'content-length: 1')}x`],
  ['a folded line right behind the status', `${head(' x: a', 'content-length: 1')}x`],
  ['a space before the colon', `${head('content-length : 1')}x`],
  ['a field without a colon', `${head('content-length 1')}x`],
  ['a field without a name', `${head(': 1', 'content-length: 1')}x`],
  ['a name beyond ASCII', `${head('\xe9: 1', 'content-length: 1')}x`],
  ['201 fields', `${head(...crowd(200), 'content-length: 1')}x`],
  ['65 KiB of fields', `${head(`x: ${'a'.repeat(66_000)}`, 'content-length: 1')}x`],
  ['two lengths', `${head('content-length: 1', 'content-length: 2')}x`],
  ['two equal lengths', `${head('content-length: 1', 'content-length: 1')}x`],
  ['a list of lengths', `${head('content-length: 1, 1')}x`],
  ['an empty length', `${head('content-length:')}x`],
  ['a signed length', `${head('content-length: +1')}x`],
  ['a negative length', `${head('content-length: -1')}x`],
  ['a hexadecimal length', `${head('content-length: 0x1')}x`],
  ['a fraction', `${head('content-length: 1.0')}x`],
  ['a tab behind the length', `${head('content-length: 1\t')}x`],
  ['a tab behind the coding', `${head('transfer-encoding: chunked\t')}0\r\n\r\n`],
  ['digits and a space', `${head('content-length: 1 1')}x`],
  ['a length beyond 64 bits', `${head('content-length: 18446744073709551617')}x`],
  ['a length and a coding', `${head('content-length: 1', 'transfer-encoding: chunked')}0\r\n\r\n`],
  ['a coding and a length', `${head('transfer-encoding: chunked', 'content-length: 5')}0\r\n\r\n`],
  ['a coding in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ...[
    'identity',
    'gzip',
    'gzip, chunked',
    'chunked, gzip',
    'chunked, chunked',
    'xchunked',
    'chunked;q=1',
    '"chunked"',
    '',
  ].map((coding): [string, string] => [
    `the coding "${coding}"`,
    `${head(`transfer-encoding: ${coding}`)}0\r\n\r\n`,
  ]),
  [
    'two codings on two lines',
    `${head('transfer-encoding: chunked', 'transfer-encoding: identity')}0\r\n\r\n`,
  ],
  ['no chunk size', chunked('\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size with a prefix', chunked('0x5\r\nhello\r\n0\r\n\r\n')],
  ['a signed chunk size', chunked('+5\r\nhello\r\n0\r\n\r\n')],
  ['a negative chunk size', chunked('-5\r\nhello\r\n0\r\n\r\n')],
  ['a space before the chunk size', chunked(' 5\r\nhello\r\n0\r\n\r\n')],
  ['a space behind the chunk size', chunked('5 \r\nhello\r\n0\r\n\r\n')],
  ['an underscore in the chunk size', chunked('0_5\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size beyond 64 bits', chunked('10000000000000005\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size of zeros without end', chunked(`${'0'.repeat(100)}5\r\nhello\r\n0\r\n\r\n`)],
  ['a bare LF behind the chunk size', chunked('5\nhello\r\n0\r\n\r\n')],
  ['a bare CR behind the chunk size', chunked('5\rhello\r\n0\r\n\r\n')],
  ['a bare LF behind the chunk', chunked('5\r\nhello\n0\r\n\r\n')],
  ['two other bytes behind the chunk', chunked('5\r\nhelloXX0\r\n\r\n')],
  ['a chunk longer than its size', chunked('4\r\nhello\r\n0\r\n\r\n')],
  ['a bare LF in an extension', chunked('5;a\nhello\r\n0\r\n\r\n')],
  ['a CR in an extension', chunked('5;a\rb\r\nhello\r\n0\r\n\r\n')],
  ['an open quote in an extension', chunked('5;a="\r\nhello\r\n0\r\n\r\n')],
  ['an extension beyond its limit', chunked(`5;a=${'b'.repeat(17_000)}\r\nhello\r\n0\r\n\r\n`)],
  ['extensions beyond their limit together', chunked('1;aaaaaaaa\r\nx\r\n'.repeat(2000).concat('0\r\n\r\n'))],
  ['a length among the trailers', chunked('0\r\ncontent-length: 5\r\n\r\nhello')],
  ['a coding among the trailers', chunked('0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n')],
  ['a folded trailer', chunked('0\r\na: b\r\n c\r\n\r\n')],
  ['a bare LF behind the last chunk', chunked('0\r\n\n')],
  ['trailers without end', chunked(`0\r\nx: ${'a'.repeat(17_000)}\r\n\r\n`)],
  ['a cut length', `${head('content-length: 5')}hell`],
  ['a cut chunk', chunked('5\r\nhell')],
  ['no last chunk', chunked('5\r\nhello\r\n')],
  ['a cut last chunk', chunked('5\r\nhello\r\n0\r\n')],
  ['a cut head', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n'],
  ['nothing', ''],
]

describe('a response that two readers could read in two ways is refused, however it is cut', () => {
  it.each(refused)('%s', (_, text) => {
    const bytes = latin1(text)
    expect(readWithParser(bytes)).toMatchObject({ isClean: false })
    const cuts = Array.from({ length: Math.min(bytes.length, 2000) }, (_, index) => index)
    expect(readWithParser(bytes, cuts)).toMatchObject({ isClean: false })
  })
})

const token = fc
  .stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
  .filter((name) => !/^(content-length|transfer-encoding)$/.test(name))
const field = fc
  .tuple(token, fc.stringMatching(/^[!-~]([ -~\x80-\xff]{0,20}[!-~])?$/))
  .map((pair) => pair.join(': '))
const bodyText = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
const interim = fc.array(
  fc.constantFrom('HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 x\r\nlink: </>\r\n\r\n'),
  {
    maxLength: 2,
  },
)
const chunkedBody = fc
  .array(fc.tuple(bodyText, fc.constantFrom('', ';a', ';a=b;c="d e"')), { maxLength: 5 })
  .map((chunks) => chunks.filter(([data]) => data !== ''))
const message = fc
  .record({
    interim,
    fields: fc.array(field, { maxLength: 5 }),
    form: fc.constantFrom('length', 'chunked', 'close'),
    body: bodyText,
    chunks: chunkedBody,
  })
  .map(({ interim, fields, form, body, chunks }) => {
    const front = (...framing: string[]) =>
      interim.join('') + head(...fields.filter((line) => !line.startsWith('connection')), ...framing)
    if (form === 'length') return { text: `${front(`content-length: ${body.length}`)}${body}`, body }
    if (form === 'close') return { text: front() + body, body }
    const coded = chunks.map(([data, extension]) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`)
    return {
      text: `${front('transfer-encoding: chunked')}${coded.join('')}0\r\n\r\n`,
      body: chunks.map(([data]) => data).join(''),
    }
  })
const cutsAnywhere = fc.array(fc.nat(1500), { maxLength: 30 })

describe('any message', () => {
  it('cut anywhere, gives the same', () => {
    fc.assert(
      fc.property(message, cutsAnywhere, ({ text, body }, cuts) => {
        expect(readWithParser(latin1(text), cuts)).toMatchObject({ isClean: true, body, used: text.length })
      }),
      { numRuns: 500 },
    )
  })

  it('with bytes behind its end, leaves them', () => {
    fc.assert(
      fc.property(message, cutsAnywhere, ({ text, body }, cuts) => {
        fc.pre(/content-length|transfer-encoding/.test(text))
        const surplus = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil'
        expect(readWithParser(latin1(text + surplus), cuts)).toMatchObject({
          isClean: true,
          body,
          used: text.length,
        })
      }),
    )
  })

  const mutation = fc.tuple(
    fc.nat(1500),
    fc.constantFrom('replace', 'insert', 'remove', 'repeat'),
    fc.constantFrom(
      ...'\r\n\t \0:;,"0159afX-+\x7f\xff',
      '\r\n',
      '\r\n\r\n',
      'chunked',
      'content-length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
    ),
  )
  const mutate = (text: string, [at, kind, piece]: readonly [number, string, string]) => {
    const index = text.length === 0 ? 0 : at % text.length
    const kept = kind === 'replace' || kind === 'remove' ? index + 1 : index
    const added = kind === 'remove' ? '' : kind === 'repeat' ? text.slice(index, index + 20) : piece
    return text.slice(0, index) + added + text.slice(kept)
  }

  it('once mangled, is refused or read as the reference reads it, and the same for every cut', async () => {
    const read = await startReference()
    await fc.assert(
      fc.asyncProperty(
        message,
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        cutsAnywhere,
        async ({ text }, mutations, cuts) => {
          const bytes = latin1(mutations.reduce(mutate, text))
          const ours = readWithParser(bytes)
          expect(readWithParser(bytes, cuts).isClean).toBe(ours.isClean)
          if (!ours.isClean) return
          const { status, body } = ours
          expect(await read(bytes.subarray(0, ours.used))).toMatchObject({ isClean: true, status, body })
          const whole = await read(bytes)
          if (whole.isClean) expect(whole).toMatchObject({ status, body })
        },
      ),
      { numRuns: 1500 },
    )
  }, 60_000)
})
