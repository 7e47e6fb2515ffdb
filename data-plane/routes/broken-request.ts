import type { Socket } from 'node:net'
import { type ErrorCode, openaiErrorBody } from '../../contract/errors.ts'
import { nextCallId } from '../pipeline/call-id.ts'

interface Refusal {
  readonly status: string
  readonly code: ErrorCode
  readonly message: string
}

/** Answers a request that Node's parser refused, and closes the connection: what follows cannot be trusted. */
export function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, code, message } = refusalOf(error.code)
  const requestId = nextCallId(Date.now())
  const body = JSON.stringify(openaiErrorBody(code, message, requestId, {}))
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function refusalOf(code: string | undefined): Refusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return refuse('431 Request Header Fields Too Large', 'The headers are too large')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refuse('408 Request Timeout', 'The request did not arrive in time')
    default:
      return refuse('400 Bad Request', 'The request is not valid HTTP/1.1')
  }
}

function refuse(status: string, message: string): Refusal {
  return { status, code: 'invalid_request_error', message }
}
