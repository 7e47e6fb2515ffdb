import { createHash } from 'node:crypto'
import type { ServiceContext } from '../../service-context.ts'
import type { LogoutNotice } from '../../sign-in/logout-token.ts'
import type { IdentityProvider } from './entity.ts'

/**
 * Whether a logout token comes for the first time. One that somebody replays would sign people out who have signed in again
 * (OpenID Connect Back-Channel Logout 1.0, section 2.6).
 */
export function useLogoutToken(
  { database, now }: ServiceContext,
  { organizationId, id }: IdentityProvider,
  { tokenId, expiresAt }: Pick<LogoutNotice, 'tokenId' | 'expiresAt'>,
): Promise<boolean> {
  // However long the provider makes its ids.
  const digest = createHash('sha256').update(tokenId).digest('hex')
  return database.transaction(organizationId, async (em) => {
    await em.execute('delete from used_logout_tokens where org_id = ? and expires_at <= ?', [
      organizationId,
      new Date(now()),
    ])
    const rows = await em.execute<object[]>(
      `insert into used_logout_tokens (org_id, provider_id, token_id, expires_at) values (?, ?, ?, ?)
       on conflict do nothing returning token_id`,
      [organizationId, id, digest, new Date(expiresAt)],
    )
    return rows.length > 0
  })
}
