import { describe, expect, it } from 'vitest'
import { answerOf } from '../../bench/answers.ts'
import { cases, models, requestBody } from '../../bench/cases.ts'

const shapes = cases.map((shape) => ({ ...shape, answer: Buffer.concat(answerOf(shape).pieces).toString() }))

describe.each(shapes)('the mock upstream and its load, $name', (shape) => {
  const { stream, bytes, answer } = shape
  const [head = '', body = ''] = [
    answer.slice(0, answer.indexOf('\r\n\r\n')),
    answer.slice(answer.indexOf('\r\n\r\n') + 4),
  ]

  it('answers with the size that the case is named after', () => {
    expect(body.length).toBeGreaterThan(bytes * 0.9)
    expect(body.length).toBeLessThan(bytes * 1.7)
  })

  it('frames its answer as HTTP says', () => {
    if (stream) {
      let at = 0
      let text = ''
      for (;;) {
        const end = body.indexOf('\r\n', at)
        const size = Number.parseInt(body.slice(at, end), 16)
        if (size === 0) break
        text += body.slice(end + 2, end + 2 + size)
        at = end + 2 + size + 2
      }
      expect(body.slice(at)).toBe('0\r\n\r\n')
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
      expect(text).toContain('"usage":{')
    } else {
      expect(head).toContain(`content-length: ${body.length}`)
      expect(JSON.parse(body)).toMatchObject({ object: 'chat.completion', usage: { total_tokens: 274 } })
    }
  })

  it.each(['immediate', 'paced'] as const)('asks with a body of that size for an %s answer', (pace) => {
    const text = requestBody(shape, pace)
    expect(Math.abs(Buffer.byteLength(text) - bytes)).toBeLessThanOrEqual(1)
    const { model, stream: asked } = JSON.parse(text)
    expect(models).toContain(model)
    expect(asked).toBe(stream)
  })
})
