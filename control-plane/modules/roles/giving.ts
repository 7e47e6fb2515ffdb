import type { Actor } from '../../actor.ts'
import { type Excess, excessOf, type Rights } from '../../rights.ts'
import { RightsExceeded } from './errors.ts'
import { heirsOf, type RoleGraph, rightsOf } from './graph.ts'

/**
 * Whoever sees but some rows can give rights only over these; a role or an assignment is about anybody's.
 *
 * @throws RightsExceeded
 */
export function requireHeld(actor: Actor, wanted: Rights): void {
  const { permissions, reach } = excessOf(wanted, actor.givableRights)
  const rows = actor.rowScope === 'all' ? [] : ['the rows of others']
  refuseExcess({ permissions, reach: [...new Set([...reach, ...rows])] })
}

/** Whoever has something for a time gives it for no longer. @throws RightsExceeded */
export function requireNoLonger({ expiresAt: end }: Actor, expiresAt: Date | null): void {
  if (end === null || (expiresAt !== null && expiresAt <= end)) return
  refuseExcess({ permissions: [], reach: [`anything beyond ${end.toISOString()}, when your own rights end`] })
}

/**
 * What a change gives, to the changed role and to all that inherit from it, must be the actor's to give, and for good:
 * whoever has such a role keeps it when the actor's own rights have ended. A new role nobody has yet. What it takes away
 * needs nothing.
 *
 * @throws RightsExceeded
 */
export function requireGainHeld(actor: Actor, before: RoleGraph, after: RoleGraph, roleId: string): void {
  for (const { id } of heirsOf(after, roleId)) {
    const gain = gainOf(rightsOf(before, id), rightsOf(after, id))
    if (!gain) continue
    requireHeld(actor, gain)
    if (before.has(id)) requireNoLonger(actor, null)
  }
}

export function refuseExcess(excess: Excess): void {
  if (excess.permissions.length > 0 || excess.reach.length > 0) throw new RightsExceeded(excess)
}

/** What somebody with `after` can do that they could not with `before`. */
function gainOf(before: Rights, after: Rights): Rights | undefined {
  const { permissions, reach } = excessOf(after, before)
  if (reach.length > 0) return after
  return permissions.length === 0 ? undefined : { ...after, permissions: new Set(permissions) }
}
