import type { VirtualKey } from '../../../contract/configuration/entities.ts'

/** A key of a team, as a configuration has it. */
export function virtualKey(id: string, status: VirtualKey['status'] = 'active'): VirtualKey {
  return {
    kind: 'virtual_key',
    id,
    workspaceId: 'ws_1',
    name: id,
    secretDigests: [{ digest: 'a'.repeat(64), expiresAt: null }],
    status,
    expiresAt: null,
    owner: { kind: 'team', id: 'team_1' },
    providerConfigs: [],
  }
}
