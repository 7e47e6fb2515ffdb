import type { Actor } from '../../actor.ts'
import { TooManyRoles } from './errors.ts'
import { requireGainHeld } from './giving.ts'
import { checkInheritance, type RoleGraph } from './graph.ts'

const mostRoles = 200

/** @throws TooManyRoles */
export function requireRoom(roles: number): void {
  if (roles > mostRoles) throw new TooManyRoles(String(mostRoles))
}

/**
 * However some roles came to be what they are: none inherits from itself or too deeply, and what they give more than
 * before is the actor's to give.
 *
 * @throws RoleCycle, RoleTooDeep, RightsExceeded
 */
export function requireSoundRoles(
  actor: Actor,
  before: RoleGraph,
  after: RoleGraph,
  changed: Iterable<string>,
): void {
  for (const id of changed) {
    checkInheritance(after, id)
    requireGainHeld(actor, before, after, id)
  }
}
