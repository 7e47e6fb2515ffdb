import type { IncomingMessage } from 'node:http'
import { credentialHeaders } from '../../contract/headers.ts'
import { Denied } from '../../plugins/sdk/denied.ts'

/** More header lines than this are refused. */
const maxHeaders = 64

/** Two readers could pick different ones if these came twice (RFC 9110 §5.3). */
const singleHeaders = [
  'host',
  'content-length',
  'content-type',
  'transfer-encoding',
  'proxy-authorization',
  'origin',
  'x-request-id',
  ...credentialHeaders,
] as const

const bitByName: ReadonlyMap<string, number> = new Map(singleHeaders.map((name, index) => [name, 1 << index]))
const credentialBits = credentialHeaders.reduce((bits, name) => bits | (bitByName.get(name) ?? 0), 0)
const isSingleLength = new Uint8Array(256)
for (const name of singleHeaders) isSingleLength[name.length] = 1

/**
 * What makes a request ambiguous between us and whoever stands before or behind us, whatever its route and sender.
 * Node's parser has refused broken framing already.
 */
export function findAmbiguity(request: IncomingMessage): Denied | undefined {
  if (request.url?.charCodeAt(0) !== 0x2f) return refusal('The request target must be a path')
  if (request.httpVersionMajor !== 1 || request.httpVersionMinor !== 1) {
    return refusal('HTTP/1.1 is required (behind nginx: proxy_http_version 1.1)')
  }
  const { headers } = request
  if (headers.upgrade !== undefined) return refusal('Upgrade is not supported')
  if (headers['transfer-encoding'] !== undefined && headers['content-length'] !== undefined) {
    return refusal('Send Content-Length or Transfer-Encoding, not both')
  }
  if (request.method === 'GET' && hasBody(request)) return refusal('A GET request must not have a body')
  return findDoubledHeader(request.rawHeaders)
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

function findDoubledHeader(rawHeaders: readonly string[]): Denied | undefined {
  if (rawHeaders.length > 2 * maxHeaders) return refusal(`More than ${maxHeaders} headers`)
  let seen = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name === undefined || isSingleLength[name.length] !== 1) continue
    const lowerCase = name.toLowerCase()
    const bit = bitByName.get(lowerCase)
    if (bit === undefined) {
      // Servers that map header names to variables read `x_api_key` as `x-api-key`.
      if (bitByName.has(lowerCase.replaceAll('_', '-'))) return refusal(`Unknown header "${lowerCase}"`)
      continue
    }
    if (seen & bit) return doubled(lowerCase, bit)
    seen |= bit
  }
  return undefined
}

function doubled(name: string, bit: number): Denied {
  const message = `The header "${name}" stands twice in the request`
  return bit & credentialBits ? new Denied('ambiguous_credentials', message) : refusal(message)
}

function refusal(message: string): Denied {
  return new Denied('invalid_request_error', message)
}
