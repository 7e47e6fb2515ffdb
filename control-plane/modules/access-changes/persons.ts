import type { Actor } from '../../actor.ts'
import { SecondPersonRequired } from '../../graphql/second-person.ts'
import { breakGlassProviderId } from '../../sessions/session.ts'
import type { AccessChange } from './entity.ts'
import { SignInRequired } from './errors.ts'

/**
 * An API token may be in anybody's hands, and whoever grants a local password may choose it: only by an identity provider
 * is it known which person somebody is.
 *
 * @throws SignInRequired
 */
export function requirePerson({ signIn }: Actor): void {
  if (signIn === null || signIn.providerId === breakGlassProviderId) throw new SignInRequired()
}

/** @throws SignInRequired, SecondPersonRequired */
export function requireAnotherPerson(actor: Actor, { id, requesterPersonId }: AccessChange): void {
  if (requesterPersonId === actor.personId) throw new SecondPersonRequired(id)
  requirePerson(actor)
}

export const partyOf = ({ kind, id, name }: Actor) => ({ kind, id, name })
