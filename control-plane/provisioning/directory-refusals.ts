import type { EntityManager } from '@mikro-orm/postgresql'
import type { DirectorySyncRun } from '../modules/directory-sync/index.ts'
import type { IdentityProvider } from '../modules/identity-providers/index.ts'

/*
 * A provider stood by somebody's session no more. That waits for a run that begins after it, and until one has read the
 * directory to its end.
 */

/** Of the organization and the provider whose ids it takes. */
export const waitingRefusal =
  'select from directory_refusals where org_id = ? and provider_id = ? and run_id is null'

/** A run that is under way may have read them before. */
export async function keepRefusal(
  em: EntityManager,
  { organizationId, id }: Pick<IdentityProvider, 'organizationId' | 'id'>,
): Promise<void> {
  await em.execute(
    `insert into directory_refusals (org_id, provider_id) values (?, ?)
     on conflict (org_id, provider_id) do update set run_id = null`,
    [organizationId, id],
  )
}

/** The run, which is written already, has not read anybody yet. */
export async function takeRefusal(
  em: EntityManager,
  { organizationId, providerId, id }: Pick<DirectorySyncRun, 'organizationId' | 'providerId' | 'id'>,
): Promise<void> {
  await em.execute('update directory_refusals set run_id = ? where org_id = ? and provider_id = ?', [
    ...[id, organizationId, providerId],
  ])
}

/** The run has ended: what it did not read is read by another one. */
export async function endRefusal(
  em: EntityManager,
  { organizationId, id }: Pick<DirectorySyncRun, 'organizationId' | 'id'>,
  { wasRead }: { readonly wasRead: boolean },
): Promise<void> {
  const end = wasRead ? 'delete from directory_refusals' : 'update directory_refusals set run_id = null'
  await em.execute(`${end} where org_id = ? and run_id = ?`, [organizationId, id])
}
