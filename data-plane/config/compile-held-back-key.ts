import type { HeldBackOf } from '../../contract/configuration/held-back.ts'
import type { CompiledKey } from '../../plugins/sdk/builtin.ts'

/** A key that cannot be read whole: known by its secrets, so that its calls are refused for the right reason. */
export function compileHeldBackKey(
  { id, workspaceId, heldBack }: HeldBackOf<'virtual_key'>,
  organizationId: string,
): CompiledKey {
  return Object.freeze({
    id,
    name: id,
    principal: Object.freeze({
      organizationId,
      workspaceId,
      customerId: null,
      businessUnitId: null,
      teamId: null,
      userId: null,
    }),
    status: 'inactive',
    priority: 'normal',
    heldBack,
    expiresAt: null,
    secretExpiresAt: () => null,
    budgets: Object.freeze([]),
    limits: Object.freeze([]),
    grants: Object.freeze([]),
    inference: null,
    contentLogging: false,
    requireFreshMs: null,
    concurrency: null,
  })
}
