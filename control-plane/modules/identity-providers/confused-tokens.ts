import type { EntityManager } from '@mikro-orm/postgresql'
import { BadUserInput } from '../../graphql/errors.ts'
import type { IdentityProvider } from './entity.ts'

/**
 * What a JWT provider of the same issuer must not be when it is set up, this must not make of it afterwards: one that names the
 * people of another identity provider, or one for which ID tokens are credentials.
 *
 * @throws BadUserInput
 */
export async function refuseConfusedTokens(
  em: EntityManager,
  { organizationId, issuer, clientId }: Pick<IdentityProvider, 'organizationId' | 'issuer' | 'clientId'>,
): Promise<void> {
  const [confused] = await em.execute<{ name: string; takesIdTokens: boolean }[]>(
    `select jwt.name, jwt.audiences @> to_jsonb(?::text) as "takesIdTokens"
     from jwt_providers jwt join identity_providers named
       on named.org_id = jwt.org_id and named.id = jwt.identity_provider_id
     where jwt.org_id = ? and jwt.issuer = ? and (named.issuer <> jwt.issuer or jwt.audiences @> to_jsonb(?::text))
     order by "takesIdTokens" desc limit 1`,
    [clientId, organizationId, issuer, clientId],
  )
  if (confused?.takesIdTokens === true)
    throw new BadUserInput(
      'clientId',
      `is an audience of the JWT provider "${confused.name}": give that one another`,
    )
  if (confused)
    throw new BadUserInput(
      'issuer',
      `is that of the JWT provider "${confused.name}", which names the people of another identity provider`,
    )
}
