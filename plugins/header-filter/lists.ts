import {
  forwardPrefix,
  type HeaderFilter,
  neverForwarded,
  reservedPrefix,
} from 'gatehouse/plugin-sdk/builtin'

/** A header filter, compiled once per configuration. Names are lower-case and without the prefix. */
export interface CompiledLists {
  /** Whether a header that came as `x-bf-eh-<name>` may go upstream. */
  admitsPrefixed(name: string): boolean
  /** Whether a header that came under its own name may go upstream. [X1-03] */
  admitsDirect(name: string): boolean
  /** Whether any header can be forwarded without the prefix. */
  readonly hasDirect: boolean
}

export function compileLists({ allowlist, denylist, forwardDirect }: HeaderFilter): CompiledLists {
  const denied = compileNames(denylist)
  const allowed = allowlist === null ? undefined : compileNames(allowlist)
  // A bare `*` is about headers that were meant for the provider, never about everything that a client happens to send.
  const direct = compileNames((allowlist ?? []).filter((entry) => normalizeEntry(entry) !== '*'))
  const hasDirect = forwardDirect && (allowlist ?? []).length > 0

  const isDenied = (name: string): boolean => {
    // Servers after CGI's manner read `_` as `-`, so that a twin must not slip through (RFC 3875 §4.1.18).
    const plain = name.includes('_') ? name.replaceAll('_', '-') : name
    return neverForwarded.has(plain) || plain.startsWith(reservedPrefix) || denied(plain) || denied(name)
  }
  return {
    hasDirect,
    admitsPrefixed: (name) => !isDenied(name) && (allowed === undefined || allowed(name)),
    admitsDirect: (name) => hasDirect && direct(name) && !isDenied(name),
  }
}

/** Entries are exact or end in `*`, in any case, with or without the prefix. [C3] */
function compileNames(entries: readonly string[]): (name: string) => boolean {
  const exact = new Set<string>()
  const prefixes: string[] = []
  for (const entry of entries.map(normalizeEntry)) {
    if (entry.endsWith('*')) prefixes.push(entry.slice(0, -1))
    else if (entry !== '') exact.add(entry)
  }
  if (prefixes.length === 0) return (name) => exact.has(name)
  return (name) => exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}

function normalizeEntry(entry: string): string {
  const name = entry.trim().toLowerCase()
  return name.startsWith(forwardPrefix) ? name.slice(forwardPrefix.length) : name
}
