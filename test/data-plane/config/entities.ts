import type { Entity, VirtualKey } from '../../../contract/configuration/entities.ts'
import { dataPlaneId, organizationId } from './authority.ts'

export function digestOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)
}

export const organization: Entity = { kind: 'organization', id: organizationId, name: 'Acme' }
export const dataPlane: Entity = { kind: 'data_plane', id: dataPlaneId, name: 'data plane' }
export const customer: Entity = { kind: 'customer', id: 'cus_1', workspaceId: 'ws_1', name: 'Customer' }
export const businessUnit: Entity = {
  kind: 'business_unit',
  id: 'bu_1',
  workspaceId: 'ws_1',
  customerId: 'cus_1',
  name: 'Unit',
}
export const team: Entity = {
  kind: 'team',
  id: 'team_1',
  workspaceId: 'ws_1',
  customerId: null,
  businessUnitId: 'bu_1',
  name: 'Team',
}
export const user: Entity = { kind: 'user', id: 'usr_1', teamId: 'team_1', active: true }
export const provider: Entity = {
  kind: 'provider',
  id: 'prov_1',
  name: 'openai',
  baseUrl: 'http://127.0.0.1:9/v1/',
  allowPrivateNetwork: true,
  active: true,
  connectTimeoutMs: 1_000,
  idleTimeoutMs: 10_000,
}
export const providerKey: Entity = {
  kind: 'provider_key',
  id: 'pk_1',
  providerId: 'prov_1',
  name: 'main',
  weight: 1,
  active: true,
  credentialId: 'cred_1',
}
export const model: Entity = {
  kind: 'model',
  id: 'mdl_1',
  providerId: 'prov_1',
  name: 'gpt-4o-mini',
  upstreamName: 'gpt-4o-mini',
  maxOutputTokens: 16_384,
  prices: {
    inputNanoUsdPerMillionTokens: 150_000_000,
    cachedInputNanoUsdPerMillionTokens: 75_000_000,
    outputNanoUsdPerMillionTokens: 600_000_000,
    imageNanoUsd: 0,
  },
}

export function virtualKey(id: string, changes: Partial<VirtualKey> = {}): VirtualKey {
  return {
    kind: 'virtual_key',
    id,
    workspaceId: 'ws_1',
    name: id,
    secretDigests: [{ digest: digestOf(id), expiresAt: null }],
    status: 'active',
    expiresAt: null,
    owner: { kind: 'team', id: 'team_1' },
    providerConfigs: [
      { id: `pc_${id}`, providerId: 'prov_1', weight: 1, allowedModels: ['*'], providerKeyIds: ['*'] },
    ],
    ...changes,
  }
}

export function budget(id: string, kind: string, ownerId: string): Entity {
  return {
    kind: 'budget',
    id,
    owner: { kind, id: ownerId } as Extract<Entity, { kind: 'budget' }>['owner'],
    limitNanoUsd: '1000000000',
  }
}

/** An organization with all levels, a provider, and one key `vk_1`. */
export const baseEntities: readonly Entity[] = [
  organization,
  dataPlane,
  customer,
  businessUnit,
  team,
  user,
  provider,
  providerKey,
  model,
  virtualKey('vk_1'),
]
