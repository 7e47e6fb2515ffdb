import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { type IdentityProvider, IdentityProviderEntity, rolesOf } from '../identity-providers/index.ts'
import { requireMayGive } from '../roles/index.ts'
import type { JwtProvider } from './entity.ts'

/**
 * Whoever decides how tokens about people are verified could make one about each of them: they have every role that the
 * identity provider gives, and that its people have by now.
 *
 * @throws Forbidden, RightsExceeded
 */
export async function requireMaySpeakFor(
  em: EntityManager,
  actor: Actor,
  identityProvider: IdentityProvider,
): Promise<void> {
  const held = await em.execute<{ roleId: string }[]>(
    `select distinct role_id as "roleId" from role_assignments
     where org_id = ? and user_id in (select user_id from user_identities where org_id = ? and provider_id = ?)`,
    [actor.organizationId, actor.organizationId, identityProvider.id],
  )
  const roleIds = [...rolesOf(identityProvider), ...held.map(({ roleId }) => roleId)]
  await requireMayGive(em, actor, [...new Set(roleIds)])
}

/**
 * An issuer at which people sign in names the people of that identity provider and of no other; and what it calls Gatehouse
 * in ID tokens is no audience, for an ID token says who signed in and is no credential.
 *
 * @throws BadUserInput
 */
export async function refuseConfusion(
  em: EntityManager,
  { issuer, identityProviderId, audiences }: Pick<JwtProvider, 'issuer' | 'identityProviderId' | 'audiences'>,
): Promise<void> {
  const ofIssuer = await em.find(IdentityProviderEntity, { issuer })
  const own = ofIssuer.find(({ id }) => id === identityProviderId)
  const [other] = ofIssuer
  if (other && !own) throw new BadUserInput('identityProviderId', `must be "${other.id}", whose issuer it is`)
  if (ofIssuer.some(({ clientId }) => audiences.includes(clientId)))
    throw new BadUserInput(
      'audiences',
      'hold the clientId of the identity provider, which stands in ID tokens: give Gatehouse an audience of its own there',
    )
}
