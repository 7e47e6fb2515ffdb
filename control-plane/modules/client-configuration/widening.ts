import type { ClientSettings } from './settings.ts'

/** The settings by which headers pass, or do not. */
export type HeaderSettings = Pick<
  ClientSettings,
  'allowedHeaders' | 'forwardAllowlist' | 'forwardDenylist' | 'forwardDirect'
>

/**
 * How a change lets more headers through, in words for whoever is to approve it; empty when it does not. Each list is
 * judged by itself, as if the others let everything through: what one list does not yet let through today, another
 * change to another list could. [S1-45]
 */
export function findWidening(before: HeaderSettings, after: HeaderSettings): string[] {
  const allowed = uncovered(after.forwardAllowlist ?? ['*'], before.forwardAllowlist ?? ['*'])
  const undenied = uncovered(before.forwardDenylist, after.forwardDenylist)
  const switchedOn = after.forwardDirect && !before.forwardDirect
  const direct =
    after.forwardDirect && !switchedOn ? uncovered(directEntries(after), directEntries(before)) : []
  const fromPages = uncovered(after.allowedHeaders, before.allowedHeaders)
  return [
    ...(allowed.length > 0 ? [`the allowlist admits ${namesOf(allowed)}`] : []),
    ...(undenied.length > 0 ? [`the denylist leaves out ${namesOf(undenied)}`] : []),
    ...(switchedOn ? ['allowed headers are forwarded without the prefix'] : []),
    ...(direct.length > 0 ? [`${namesOf(direct)} is forwarded without the prefix`] : []),
    ...(fromPages.length > 0 ? [`pages may send ${namesOf(fromPages)}`] : []),
  ]
}

/** What is forwarded without the prefix, once that is allowed: a bare `*` and a missing list stand for nothing here. */
function directEntries({ forwardAllowlist }: HeaderSettings): string[] {
  return (forwardAllowlist ?? []).filter((entry) => entry !== '*')
}

/** The entries of one list, exact names or prefixes with a `*` behind, that no entry of another one holds. */
function uncovered(entries: readonly string[], by: readonly string[]): string[] {
  const names = new Set(by)
  const prefixes = by.filter((entry) => entry.endsWith('*')).map((entry) => entry.slice(0, -1))
  return entries.filter(
    (entry) => !names.has(entry) && !prefixes.some((prefix) => entry.replace(/\*$/, '').startsWith(prefix)),
  )
}

const mostNamed = 10

function namesOf(entries: readonly string[]): string {
  const named = entries.slice(0, mostNamed).map((entry) => `"${entry}"`)
  const more = entries.length > mostNamed ? ` and ${entries.length - mostNamed} more` : ''
  return named.join(', ') + more
}
