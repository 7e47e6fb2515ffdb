import type { Permission } from '../contract/permissions.ts'

/** Whose virtual keys, usage and audit events somebody sees, the narrowest first. [X0-30] */
export const rowScopes = ['own', 'team', 'all'] as const
export type RowScope = (typeof rowScopes)[number]

/** What may be done, and to what. */
export interface Rights {
  readonly permissions: ReadonlySet<Permission>
  /** The workspaces that it may be done in; null: in all of the organization. */
  readonly workspaceIds: readonly string[] | null
  readonly rowScope: RowScope
}

/** What may be done besides to single objects, by their ids. */
export type ObjectGrants = ReadonlyMap<string, ReadonlySet<Permission>>

/** How some rights go beyond others. */
export interface Excess {
  readonly permissions: readonly Permission[]
  /** Where and on whose rows, for a person. */
  readonly reach: readonly string[]
}

/** What `wanted` has that `held` lacks. */
export function excessOf(wanted: Rights, held: Rights): Excess {
  const reach = workspacesBeyond(wanted.workspaceIds, held.workspaceIds)
  if (rowScopes.indexOf(wanted.rowScope) > rowScopes.indexOf(held.rowScope)) {
    reach.push(`the rows of ${wanted.rowScope === 'all' ? 'everybody' : 'a team'}`)
  }
  return { permissions: [...wanted.permissions].filter((one) => !held.permissions.has(one)).sort(), reach }
}

/** Whether `wanted` is nothing more than `held`. */
export function isWithin(wanted: Rights, held: Rights): boolean {
  const { permissions, reach } = excessOf(wanted, held)
  return permissions.length === 0 && reach.length === 0
}

/** The same rights in one workspace alone; null takes nothing away. */
export function confineTo(rights: Rights, workspaceId: string | null): Rights {
  if (workspaceId === null) return rights
  const isInside = rights.workspaceIds === null || rights.workspaceIds.includes(workspaceId)
  return { ...rights, workspaceIds: isInside ? [workspaceId] : [] }
}

function workspacesBeyond(wanted: Rights['workspaceIds'], held: Rights['workspaceIds']): string[] {
  if (held === null) return []
  if (wanted === null) return ['the whole organization']
  return wanted.filter((id) => !held.includes(id)).map((id) => `the workspace "${id}"`)
}
