import type { Priority } from '../../plugins/sdk/builtin.ts'

/**
 * Up to which part of the limit calls of a priority come in (trunk reservation). Those of high priority still do when the
 * deepest cut has just put the limit below what is under way: only their own kind can crowd them out.
 */
export const reach: Readonly<Record<Priority, number>> = { high: 1.5, normal: 1.2, low: 0.95 }

/** One tenant alone fills four fifths. */
const tenantsShare = 4

export interface Occupancy {
  /** How many calls may be under way. */
  readonly limit: number
  /** How many are. */
  readonly inProgress: number
  /** How many of them are the tenant's, with keys of this priority. */
  readonly ofTenant: number
}

/**
 * Whether there is room for one more call. A tenant may have so many times what is still free (the dynamic thresholds of
 * Choudhury and Hahne): those that want more than their share end up with the same number each, and leave free what lets
 * those in that want less. Nobody has to know how many tenants there are or what they want.
 */
export function hasRoom(priority: Priority, { limit, inProgress, ofTenant }: Occupancy): boolean {
  return ofTenant < tenantsShare * (reach[priority] * limit - inProgress)
}
