import type { Actor } from '../../actor.ts'
import { Forbidden } from '../../graphql/errors.ts'

/**
 * Whoever puts a user into a team shows the user’s rows to others, and theirs to the user, in every workspace.
 *
 * @throws Forbidden
 */
export function requireMayPlace(actor: Actor): void {
  actor.require('users:update', { workspaceId: null })
  if (actor.rowScope !== 'all') throw new Forbidden('users:update', 'Your role sees only some rows')
}
