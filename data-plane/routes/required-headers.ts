import type { IncomingMessage } from 'node:http'
import type { RequiredHeader } from '../../plugins/sdk/builtin.ts'
import { Denied } from '../../plugins/sdk/denied.ts'

/**
 * Refuses a call without the headers that every call must carry. A header that stands in several lines has the value
 * of all of them (RFC 9110 §5.3), as whoever reads it behind us may see it: one good line does not cover a bad one.
 * [X0-28]
 */
export function findMissingHeaders(
  request: IncomingMessage,
  required: readonly RequiredHeader[],
): Denied | undefined {
  // Node gathers the lines of every header when it is first asked for them.
  if (required.length === 0) return undefined
  const missing: string[] = []
  const invalid: string[] = []
  for (const { name, accepts } of required) {
    const lines = request.headersDistinct[name]?.filter((line) => line !== '') ?? []
    if (lines.length === 0) missing.push(name)
    else if (!accepts(lines.join(', '))) invalid.push(name)
  }
  if (missing.length === 0 && invalid.length === 0) return undefined
  const told = [
    ...(missing.length > 0 ? [`without a value: ${missing.join(', ')}`] : []),
    ...(invalid.length > 0 ? [`with another value than is asked for: ${invalid.join(', ')}`] : []),
  ]
  const message = `Every call must carry certain headers. ${told.join('; ')}`
  return new Denied('missing_required_headers', message, { param: [...missing, ...invalid].join(', ') })
}
