import { describe, expect, it } from 'vitest'
import { serve } from './wire.ts'

const body = '{"model":"m"}'
const request = (lines: readonly string[], start = 'POST /v1/chat/completions HTTP/1.1') =>
  [start, ...lines, 'Connection: close', '', body].join('\r\n')
const usual = ['Host: gateway', 'Content-Type: application/json', `Content-Length: ${body.length}`]
const key = 'Authorization: Bearer good-key'

describe('a request that two readers could understand differently', () => {
  it('is unlike this one, which is served', async () => {
    const { raw } = await serve()
    expect(await raw(request([...usual, key]))).toMatch(/^HTTP\/1\.1 200 /)
  })

  it.each([
    ['two Host headers', request([...usual, 'Host: other', key])],
    ['two Authorization headers', request([...usual, key, 'Authorization: Bearer other'])],
    ['the same key twice', request([...usual, key, key])],
    ['two x-api-key headers', request([...usual, 'X-Api-Key: a', 'x-api-key: b'])],
    ['a header that some servers read as a credential', request([...usual, key, 'x_api_key: a'])],
    ['an absolute target', request([...usual, key], 'POST http://evil/v1/chat/completions HTTP/1.1')],
    ['an Upgrade', request([...usual, key, 'Upgrade: h2c'])],
    ['HTTP/1.0', request([...usual, key], 'POST /v1/chat/completions HTTP/1.0')],
    ['a GET with a body', request([...usual, key], 'GET /v1/models HTTP/1.1')],
    ['both framings', request([...usual, 'Transfer-Encoding: chunked', key])],
    ['a bare line feed in a header', request([...usual, 'X-A: b\nX-C: d', key])],
    [
      'more than 64 headers',
      request([...usual, key, ...Array.from({ length: 64 }, (_, index) => `x-${index}: 1`)]),
    ],
    ['headers beyond 16 kB', request([...usual, key, `X-Long: ${'x'.repeat(17_000)}`])],
    ['two content types', request([...usual, 'Content-Type: text/plain', key])],
  ])('with %s is refused and reaches no provider', async (_what, text) => {
    const { raw, seen } = await serve()
    const answer = await raw(text)
    expect(answer).toMatch(/^HTTP\/1\.1 4(00|31) /)
    expect(answer).toContain('"error":{"type":"')
    expect(seen.provider).toBe(0)
  })
})
