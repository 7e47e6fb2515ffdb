import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import type { ConfigurationChange } from '../../publisher/revision.ts'

/**
 * What data planes hear of assignments that are given or taken: while roles govern inference, which roles these users have.
 * The setting stays as it is until the transaction ends, so that whoever switches it on sees these assignments. It is locked
 * behind users and assignments and before the head, which a key that a role brings along locks: everybody locks in this order.
 */
export async function toldOfHolders(
  em: EntityManager,
  { organizationId }: Actor,
  assignments: readonly { readonly userId: string; readonly objectId?: string | null | undefined }[],
): Promise<ConfigurationChange | undefined> {
  const holders = assignments.filter(({ objectId }) => objectId == null).map(({ userId }) => userId)
  if (holders.length === 0) return undefined
  const [settings] = await em.execute<{ governed: boolean }[]>(
    'select roles_govern_inference as governed from client_configurations where org_id = ? for share',
    [organizationId],
  )
  // Without settings there is nothing to lock but the head, which a revision locks.
  return settings?.governed === false ? undefined : { upserts: [], holders }
}
