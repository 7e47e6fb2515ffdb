import { Denied, type Operation } from 'gatehouse/plugin-sdk'
import type { InferenceOperation, InferenceRights } from 'gatehouse/plugin-sdk/builtin'

/** What a route needs of `inference:…`; null: it asks no provider for anything. */
const needed: Readonly<Record<Operation, InferenceOperation | null>> = {
  'chat.completions': 'chat',
  completions: 'chat',
  responses: 'chat',
  embeddings: 'embeddings',
  'images.generations': 'images',
  'models.list': null,
  quota: null,
  unknown: null,
}

/**
 * Refuses what the roles do not give of the user whom the call is charged to. [X0-02]
 *
 * @throws Denied `user_not_authorized`; `config_unavailable` when a role that cannot be read may give it
 */
export function requireInference(rights: InferenceRights, operation: Operation, at: number): void {
  const wanted = needed[operation]
  if (wanted === null || at < rights.until[wanted]) return
  if (rights.heldBack !== null) throw new Denied('config_unavailable', rights.heldBack)
  throw new Denied('user_not_authorized', `Your roles do not include inference:${wanted}`)
}
