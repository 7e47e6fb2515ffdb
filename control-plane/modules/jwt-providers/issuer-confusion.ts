import type { EntityManager } from '@mikro-orm/postgresql'
import { BadUserInput } from '../../graphql/errors.ts'
import { IdentityProviderEntity } from '../identity-providers/index.ts'
import type { JwtProvider } from './entity.ts'

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
