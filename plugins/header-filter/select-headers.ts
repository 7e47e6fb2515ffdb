import { Denied } from 'gatehouse/plugin-sdk'
import { forwardPrefix } from 'gatehouse/plugin-sdk/builtin'
import type { CompiledLists } from './lists.ts'

export interface SelectedHeaders {
  /** What goes upstream: values of one name joined as a list (RFC 9110 §5.3). */
  readonly forwarded: ReadonlyMap<string, string>
  /** Names that the caller meant for the provider and that stay here, without the prefix. */
  readonly dropped: ReadonlySet<string>
}

const none: SelectedHeaders = { forwarded: new Map(), dropped: new Set() }
// RFC 9110 §5.5: a field value holds no control but the tab; CR, LF and NUL would split the request.
const invalidValue = /[^\t\x20-\x7e\x80-\xff]/

/**
 * Chooses the caller's headers that the provider may see.
 *
 * @param rawHeaders name, value, name, value, … as they came on the wire
 * @throws Denied `invalid_request_error` for a value that no header may have
 */
export function selectHeaders(rawHeaders: readonly string[], lists: CompiledLists): SelectedHeaders {
  let forwarded: Map<string, string> | undefined
  let dropped: Set<string> | undefined
  let hopByHop: ReadonlySet<string> | undefined

  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const rawName = rawHeaders[index] ?? ''
    const isPrefixed = hasForwardPrefix(rawName)
    if (!isPrefixed && !lists.hasDirect) continue
    const wireName = rawName.toLowerCase()
    const name = isPrefixed ? wireName.slice(forwardPrefix.length) : wireName
    if (name === '' || (!isPrefixed && !lists.admitsDirect(name))) continue

    const value = rawHeaders[index + 1] ?? ''
    if (invalidValue.test(value)) throw invalidHeader(wireName)
    hopByHop ??= connectionOptions(rawHeaders)
    if ((isPrefixed && !lists.admitsPrefixed(name)) || hopByHop.has(name) || hopByHop.has(wireName)) {
      dropped ??= new Set()
      dropped.add(name)
      continue
    }
    forwarded ??= new Map()
    const earlier = forwarded.get(name)
    forwarded.set(name, earlier === undefined ? value : `${earlier}, ${value}`)
  }
  if (!forwarded && !dropped) return none
  return { forwarded: forwarded ?? none.forwarded, dropped: dropped ?? none.dropped }
}

function hasForwardPrefix(name: string): boolean {
  const initial = name.charCodeAt(0)
  if (initial !== 120 && initial !== 88) return false
  return name.slice(0, forwardPrefix.length).toLowerCase() === forwardPrefix
}

/** RFC 9110 §7.6.1: what `Connection` names is meant for the next hop alone, which is us. */
function connectionOptions(rawHeaders: readonly string[]): ReadonlySet<string> {
  const options = new Set<string>()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== 'connection') continue
    for (const option of (rawHeaders[index + 1] ?? '').split(',')) options.add(option.trim().toLowerCase())
  }
  return options
}

function invalidHeader(name: string): Denied {
  return new Denied(
    'invalid_request_error',
    `The header ${name} holds a control character: send printable text`,
    { param: name },
  )
}
