import { createHash } from 'node:crypto'
import type { ServiceContext } from '../../service-context.ts'
import type { LogoutNotice } from '../../sign-in/logout-token.ts'
import type { IdentityProvider } from './entity.ts'

/**
 * Does what a logout token asks for, unless that was done before: one that somebody replays would sign people out who have
 * signed in again (OpenID Connect Back-Channel Logout 1.0, section 2.6). It is noted only once it is done, so that a provider
 * whose token was answered with a failure ends them by sending it again; of two at once, both end whom they find.
 *
 * @param endSessions may be called again after it has succeeded, when that could not be noted
 */
export async function useLogoutToken(
  { database, now }: ServiceContext,
  { organizationId, id }: IdentityProvider,
  { tokenId, expiresAt }: Pick<LogoutNotice, 'tokenId' | 'expiresAt'>,
  endSessions: () => Promise<void>,
): Promise<void> {
  // However long the provider makes its ids.
  const digest = createHash('sha256').update(tokenId).digest('hex')
  const key = [organizationId, id, digest]
  const used = await database.transaction(organizationId, async (em) => {
    await em.execute('delete from used_logout_tokens where org_id = ? and expires_at <= ?', [
      organizationId,
      new Date(now()),
    ])
    return em.execute<object[]>(
      'select from used_logout_tokens where org_id = ? and provider_id = ? and token_id = ?',
      key,
    )
  })
  if (used.length > 0) return
  await endSessions()
  await database.transaction(organizationId, (em) =>
    em.execute(
      `insert into used_logout_tokens (org_id, provider_id, token_id, expires_at) values (?, ?, ?, ?)
       on conflict do nothing`,
      [...key, new Date(expiresAt)],
    ),
  )
}
