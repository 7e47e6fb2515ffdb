import { ClientError } from './client-error.ts'
import type { ClientRequest } from './exchange-handler.ts'
import { tokenPattern } from './fields.ts'

/** Up to here, copying the body behind its head costs less than a second buffer to write. */
const maxCopiedBytes = 65_536
const unsafeValue = /[^\t\x20-\x7e\x80-\xff]/
const unsafePath = /[^\x21-\x7e]/
/** Names that were found fit to be sent: the same few come with every request. */
const knownNames = new Set<string>()
const maxKnownNames = 256
const framingNames: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
])

/**
 * The request as it goes over the wire: in one buffer when it is small, else its head and its body.
 *
 * @throws ClientError HTTP_INVALID_REQUEST for what cannot be written without changing where the message ends; names
 * the field, not its value
 */
export function requestBytes(request: ClientRequest, host: string): readonly Buffer[] {
  const { method, path, headers, body } = request
  if (!tokenPattern.test(method)) throw invalid('method')
  if (!path.startsWith('/') || unsafePath.test(path)) throw invalid('path')
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? ''
    const value = headers[index + 1] ?? ''
    if (!knownNames.has(name)) checkName(name)
    if (unsafeValue.test(value)) throw invalid(`value of the header "${name}"`)
    head += `${name}: ${value}\r\n`
  }
  head += `content-length: ${body.length}\r\n\r\n`
  if (body.length > maxCopiedBytes) return [Buffer.from(head, 'latin1'), body]
  const bytes = Buffer.allocUnsafe(head.length + body.length)
  bytes.write(head, 'latin1')
  body.copy(bytes, head.length)
  return [bytes]
}

function checkName(name: string): void {
  if (!tokenPattern.test(name) || framingNames.has(name.toLowerCase())) throw invalid('header name')
  if (knownNames.size < maxKnownNames) knownNames.add(name)
}

function invalid(what: string): ClientError {
  return new ClientError('HTTP_INVALID_REQUEST', `The request's ${what} cannot be sent`)
}
