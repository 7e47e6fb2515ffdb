import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openaiErrorBody } from '../../../contract/errors.ts'
import { errorEvent, lastSequenceNumber } from '../../../data-plane/pipeline/error-event.ts'

const body = openaiErrorBody('provider_error', 'The provider failed', 'req_1', { param: 'max_tokens' })

describe('a stream that cannot be completed ends with', () => {
  it('the error alone, where events have no names and numbers', () => {
    expect(errorEvent(body, undefined)).toBe(`data: ${JSON.stringify(body)}\n\n`)
  })

  it('the event that is documented for responses, numbered like the others, and known to every client', () => {
    const [name = '', data = ''] = errorEvent(body, 7).split('\n')
    expect(name).toBe('event: error')
    expect(JSON.parse(data.replace('data: ', ''))).toEqual({
      ...{ type: 'error', code: 'provider_error', message: 'The provider failed', param: 'max_tokens' },
      sequence_number: 7,
      error: body.error,
    })
  })
})

describe('the number of the last event', () => {
  it.each([
    ['data: {"type":"a","sequence_number":1}\n\ndata: {"sequence_number" : 12,"type":"b"}\n\n', 12],
    ['data: {"type":"a"}\n\n', undefined],
    ['data: {"sequence_number":null}\n\n', undefined],
  ])('%j', (events, expected) => {
    expect(lastSequenceNumber(Buffer.from(events))).toBe(expected)
  })

  it('is not what a text says', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (text, number) => {
        const delta = `${text}"sequence_number":99`
        const event = Buffer.from(`data: ${JSON.stringify({ sequence_number: number, delta })}\n\n`)
        expect(lastSequenceNumber(event)).toBe(number)
      }),
    )
  })
})
