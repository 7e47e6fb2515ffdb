import { type Call, type InferencePermission, type Operation, requirePermission } from 'gatehouse/plugin-sdk'

/** What a route needs of `inference:…`; null: it asks no provider for anything. */
const needed: Readonly<Record<Operation, InferencePermission | null>> = {
  'chat.completions': 'inference:chat',
  completions: 'inference:chat',
  responses: 'inference:chat',
  embeddings: 'inference:embeddings',
  'images.generations': 'inference:images',
  'models.list': null,
  quota: null,
  unknown: null,
}

/**
 * Refuses what the roles do not give of the user whom the call is charged to. [X0-02]
 *
 * @throws Denied `user_not_authorized`; `config_unavailable` when a role that cannot be read may give it
 */
export function requireInference(call: Call): void {
  const permission = needed[call.operation]
  if (permission !== null) requirePermission(call, permission)
}
