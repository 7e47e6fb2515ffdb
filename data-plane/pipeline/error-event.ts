import type { openaiErrorBody } from '../../contract/errors.ts'

export type ErrorBody = ReturnType<typeof openaiErrorBody>

/**
 * The last event of a stream that cannot be completed. Of responses it is the event that OpenAI documents, with the
 * member beside it by which its clients know an error in any stream.
 *
 * @param sequenceNumber of the event, where the API numbers its events
 */
export function errorEvent(body: ErrorBody, sequenceNumber: number | undefined): string {
  if (sequenceNumber === undefined) return `data: ${JSON.stringify(body)}\n\n`
  const { code, message, param } = body.error
  const event = { type: 'error', code, message, param, sequence_number: sequenceNumber, ...body }
  return `event: error\ndata: ${JSON.stringify(event)}\n\n`
}

const sequenceNumber = '"sequence_number"'
const digits = /^\s*:\s*(\d{1,15})/

/** The number of the last event in a run of whole ones; undefined where it has none. */
export function lastSequenceNumber(events: Buffer): number | undefined {
  const at = events.lastIndexOf(sequenceNumber)
  if (at < 0) return undefined
  const start = at + sequenceNumber.length
  const found = digits.exec(events.toString('latin1', start, start + 32))?.[1]
  return found === undefined ? undefined : Number(found)
}
