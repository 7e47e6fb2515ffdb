import type { EntityManager } from '@mikro-orm/postgresql'
import type { ApiToken } from './entity.ts'

/** A use is noted at most so often, so that a busy token does not make a write of each request. */
export const noteEveryMs = 60_000

/** Notes that a secret of a token works for whoever has just sent it. */
export async function noteUse(
  em: EntityManager,
  { id, organizationId }: ApiToken,
  { digest, lastUsedAt }: { readonly digest: string; readonly lastUsedAt: Date | null },
  now: number,
): Promise<void> {
  const before = now - noteEveryMs
  if (lastUsedAt !== null && lastUsedAt.getTime() > before) return
  // Of many requests at once one writes.
  await em.execute(
    `insert into api_token_uses as used (org_id, digest, token_id, last_used_at) values (?, ?, ?, ?)
     on conflict (org_id, digest) do update set last_used_at = excluded.last_used_at where used.last_used_at <= ?`,
    [organizationId, digest, id, new Date(now), new Date(before)],
  )
}

/** Forgets the use of a secret that never works again. */
export async function forgetUse(em: EntityManager, digest: string): Promise<void> {
  await em.execute('delete from api_token_uses where digest = ?', [digest])
}
