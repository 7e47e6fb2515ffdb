import type { EntityManager } from '@mikro-orm/postgresql'
import type { TokenIssuer } from '../../../contract/configuration/entities.ts'
import type { ConfigurationChange } from '../../publisher/revision.ts'
import { readEpochOfAll } from '../../sessions/session-epochs.ts'
import { holderChange } from './holder.ts'
import { lockKeys } from './keys.ts'

/*
 * Since when tokens count, as data planes are told: whoever was signed out is so with tokens too, and with those of other
 * issuers, which know nothing of it.
 */

/** What data planes are to know once everybody was signed out. */
export async function everybodySignedOut(
  em: EntityManager,
  organizationId: string,
): Promise<ConfigurationChange> {
  // Whoever changes an issuer at this moment holds one of these locks: what they told is read, or they read what is told here.
  await lockKeys(em, organizationId)
  await em.execute('select id from jwt_providers where org_id = ? order by id for update', [organizationId])
  const notBefore = await readEpochOfAll(em, organizationId)
  const known = await em.execute<{ document: TokenIssuer }[]>(
    `select document from config_entities where org_id = ? and kind = 'token_issuer' order by id`,
    [organizationId],
  )
  return { upserts: known.map(({ document }) => ({ ...document, ...(notBefore && { notBefore }) })) }
}

/** What data planes are to know once this user was signed out everywhere, whom the caller has locked. */
export async function userSignedOut(
  em: EntityManager,
  organizationId: string,
  userId: string,
): Promise<ConfigurationChange> {
  // Whoever creates or deletes an issuer holds these, and not the user.
  await em.execute('select id from user_identities where org_id = ? and user_id = ? order by id for update', [
    organizationId,
    userId,
  ])
  return holderChange(em, organizationId, [userId])
}
