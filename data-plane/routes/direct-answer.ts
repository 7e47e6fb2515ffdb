import type { ServerResponse } from 'node:http'
import { type ErrorCode, errorTable, openaiErrorBody } from '../../contract/errors.ts'

/** Answers outside the pipeline, where there is none to run: no configuration yet, or not one of our routes. */
export function answerError(
  response: ServerResponse,
  code: ErrorCode,
  requestId: string,
  message: string = errorTable[code].message,
): void {
  const { status, retryable } = errorTable[code]
  const body = JSON.stringify(openaiErrorBody(code, message, requestId, {}))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    // To open another one costs more than the answer, and who is refused now asks again.
    ...(code !== 'overloaded' && { connection: 'close' }),
    ...(retryable && { 'retry-after': '1' }),
  })
  response.end(body)
}
