import type { EntityManager } from '@mikro-orm/postgresql'

/** No organization has this id: what such a transaction is to see of one, `inEveryOrganization` says. */
export const noOrganization = 'none'

/** Runs `work` for one organization after the other, each behind its own wall, in the caller's one transaction. */
export async function inEveryOrganization<T>(
  em: EntityManager,
  work: (organizationId: string) => Promise<T>,
): Promise<readonly T[]> {
  const heads = await em.execute<{ org_id: string }[]>('select org_id from config_heads order by org_id')
  const results: T[] = []
  for (const { org_id: organizationId } of heads) {
    await em.execute(`select set_config('gatehouse.org_id', ?, true)`, [organizationId])
    results.push(await work(organizationId))
  }
  return results
}
