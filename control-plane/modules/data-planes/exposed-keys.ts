import type { Actor } from '../../actor.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type ProviderKey, ProviderKeyEntity } from '../providers/index.ts'

/**
 * The provider keys whose present secret a data plane knew when it was revoked, for each of them.
 *
 * @param revokedAt in ISO 8601; empty for one that is not revoked
 */
export function readExposedKeys(
  context: ServiceContext,
  actor: Actor,
  revokedAt: readonly string[],
): Promise<ProviderKey[][]> {
  return transactionOf(context, actor, async (em) => {
    const exposed = await em.find(ProviderKeyEntity, { exposedAt: { $ne: null } }, { orderBy: { id: 'asc' } })
    // A secret that came later is marked later, if at all.
    return revokedAt.map((at) =>
      at === '' ? [] : exposed.filter(({ exposedAt }) => exposedAt !== null && exposedAt <= new Date(at)),
    )
  })
}
