import type { Call, Principal } from './call.ts'
import { Denied } from './denied.ts'
import type { InferenceOperation } from './inference.ts'

/**
 * Whom the call is charged to. Nobody is known before `auth`: a plugin that asks there refuses every call.
 *
 * @throws Denied `virtual_key_required`
 */
export function requirePrincipal({ principal }: Pick<Call, 'principal'>): Principal {
  if (principal) return principal
  throw new Denied('virtual_key_required')
}

const operations = {
  'inference:chat': 'chat',
  'inference:embeddings': 'embeddings',
  'inference:images': 'images',
} as const satisfies Record<`inference:${InferenceOperation}`, InferenceOperation>

/** What a role may give of inference. */
export type InferencePermission = keyof typeof operations

/**
 * Refuses what the roles do not give of the user whom the call is charged to. `rbac` asks so for what a route is for; a
 * plugin asks for what it does beyond that, such as having a picture made in a chat. Nothing is refused where roles do not
 * govern inference, nor to keys that stand for nobody.
 *
 * @throws Denied `user_not_authorized`; `config_unavailable` when a role that cannot be read may give it;
 *   `virtual_key_required` before `auth`
 */
export function requirePermission(
  call: Pick<Call, 'principal' | 'inferenceRights' | 'receivedAt'>,
  permission: InferencePermission,
): void {
  requirePrincipal(call)
  const { inferenceRights: rights, receivedAt } = call
  if (rights === null || receivedAt < rights.until[operations[permission]]) return
  if (rights.heldBack !== null) throw new Denied('config_unavailable', rights.heldBack)
  throw new Denied('user_not_authorized', `Your roles do not include ${permission}`)
}
