import {
  followAccessProfile,
  issueVirtualKeyFromProfile,
  leaveAccessProfile,
} from '../../../control-plane/modules/access-profiles/followers.ts'
import {
  createAccessProfile,
  deleteAccessProfile,
  updateAccessProfile,
} from '../../../control-plane/modules/access-profiles/service.ts'
import { createModel, deleteModel, updateModel } from '../../../control-plane/modules/models/service.ts'
import {
  addProviderKey,
  removeProviderKey,
  rotateProviderKey,
  updateProviderKey,
} from '../../../control-plane/modules/providers/key-service.ts'
import {
  createProvider,
  deleteProvider,
  updateProvider,
} from '../../../control-plane/modules/providers/service.ts'
import { deleteVirtualKey } from '../../../control-plane/modules/virtual-keys/deletion.ts'
import { rotateVirtualKey, rotateVirtualKeys } from '../../../control-plane/modules/virtual-keys/rotation.ts'
import {
  importVirtualKey,
  issueVirtualKey,
  revokeVirtualKey,
  updateVirtualKey,
} from '../../../control-plane/modules/virtual-keys/service.ts'
import { created, nameOf, type Perform, type Tenant } from './tenant.ts'

function keyOwnerOf(tenant: Tenant, pick: number, which: number) {
  if (pick % 3 === 0) return { customerId: tenant.pick('customer', which) }
  if (pick % 3 === 1) return { teamId: tenant.pick('team', which) }
  return { userId: tenant.pick('user', which) }
}

function providerConfigs(tenant: Tenant, pick: number, which: number) {
  const keys = [[], ['*'], [tenant.pick('provider_key', which)]][pick % 3] ?? []
  const config = (provider: number) => ({
    providerId: tenant.pick('provider', provider),
    weight: pick % 2 === 0 ? 1 : null,
    active: pick % 5 !== 4,
    allowedModels: pick % 2 === 0 ? ['*'] : ['regex:gpt-.*'],
    blockedModels: pick % 3 === 1 ? ['regex:.*-preview'] : [],
    providerKeyIds: keys,
  })
  return pick % 4 === 3 ? [config(which), { ...config(which + 1), providerKeyIds: [] }] : [config(which)]
}

async function knowConfigs(tenant: Tenant, virtualKeyId: string): Promise<void> {
  const rows = await tenant.context.database.transaction(tenant.organizationId, (em) =>
    em.execute<{ id: string }[]>('select id from provider_configs where virtual_key_id = ?', [virtualKeyId]),
  )
  for (const { id } of rows) tenant.know('provider_config', id)
}

export const profileMutations: Record<string, Perform> = {
  createAccessProfile: (t, [a, b, c, d]) =>
    created(
      t,
      'access_profile',
      createAccessProfile(t.context, t.actor, {
        name: nameOf(a),
        providerConfigs: providerConfigs(t, d, b),
        budgets: [{ limit: BigInt(c + 1), period: c % 2 ? 'DAY' : 'NONE' }],
      }),
    ),
  updateAccessProfile: (t, [a, b, c, d]) =>
    updateAccessProfile(t.context, t.actor, {
      id: t.pick('access_profile', a),
      budgets: b % 3 === 0 ? [] : [{ limit: BigInt(c + 1), period: c % 2 ? 'DAY' : 'WEEK' }],
      requestLimits: d % 2 ? [] : [{ maxRequests: c + 1, ...(c % 2 && { maxTokens: c }), windowSeconds: 60 }],
      ...(b % 2 ? { providerConfigs: providerConfigs(t, d, b) } : {}),
    }),
  issueVirtualKeyFromProfile: async (t, [a, b, c]) => {
    const { virtualKey } = await issueVirtualKeyFromProfile(t.context, t.actor, {
      accessProfileId: t.pick('access_profile', a),
      workspaceId: t.pick('workspace', 0),
      name: nameOf(a),
      owner: keyOwnerOf(t, b, c),
    })
    t.know('virtual_key', virtualKey.id)
    await knowConfigs(t, virtualKey.id)
  },
  followAccessProfile: (t, [a, b]) =>
    followAccessProfile(t.context, t.actor, {
      virtualKeyId: t.pick('virtual_key', a),
      accessProfileId: t.pick('access_profile', b),
    }),
  leaveAccessProfile: (t, [a]) =>
    leaveAccessProfile(t.context, t.actor, { virtualKeyId: t.pick('virtual_key', a) }),
  deleteAccessProfile: (t, [a]) => deleteAccessProfile(t.context, t.actor, t.pick('access_profile', a)),
}

export const keyMutations: Record<string, Perform> = {
  issueVirtualKey: async (t, [a, b, c, d]) => {
    const { virtualKey } = await issueVirtualKey(t.context, t.actor, {
      workspaceId: t.pick('workspace', 0),
      name: nameOf(a),
      owner: keyOwnerOf(t, b, c),
      providerConfigs: providerConfigs(t, d, a),
    })
    t.know('virtual_key', virtualKey.id)
    await knowConfigs(t, virtualKey.id)
  },
  importVirtualKey: (t, [a, b, c, d]) =>
    created(
      t,
      'virtual_key',
      importVirtualKey(t.context, t.actor, {
        workspaceId: t.pick('workspace', 0),
        name: nameOf(a),
        owner: keyOwnerOf(t, b, c),
        providerConfigs: providerConfigs(t, d, a),
        secret: `imported-secret-${a % 3}`,
      }),
    ),
  renameVirtualKey: (t, [a, b]) =>
    updateVirtualKey(t.context, t.actor, { id: t.pick('virtual_key', b), name: nameOf(a) }),
  switchVirtualKey: (t, [a, b]) =>
    updateVirtualKey(t.context, t.actor, { id: t.pick('virtual_key', b), active: a % 2 === 0 }),
  reconfigureVirtualKey: async (t, [a, b, c]) => {
    const id = t.pick('virtual_key', a)
    await updateVirtualKey(t.context, t.actor, { id, providerConfigs: b % 4 ? providerConfigs(t, b, c) : [] })
    await knowConfigs(t, id)
  },
  rotateVirtualKey: (t, [a, b]) =>
    rotateVirtualKey(t.context, t.actor, { id: t.pick('virtual_key', a), overlapSeconds: b % 2 ? 0 : 60 }),
  rotateVirtualKeys: (t, [a, b]) =>
    rotateVirtualKeys(t.context, t.actor, {
      filter: { teamId: t.pick('team', a) },
      overlapSeconds: b % 2 ? 0 : 60,
      rotationKey: nameOf(b),
    }),
  describeVirtualKey: (t, [a, b]) =>
    updateVirtualKey(t.context, t.actor, {
      id: t.pick('virtual_key', a),
      tags: ['env:prod', nameOf(b).toLowerCase()],
      allowAllProviders: b % 2 === 0,
      contentLogging: b % 3 === 0 ? 'off' : 'inherit',
      requireFreshSeconds: b % 3 === 1 ? 60 : null,
      maxConcurrentCalls: b % 3 === 2 ? 5 : null,
      priority: b % 3 === 0 ? 'normal' : 'low',
    }),
  deleteVirtualKey: (t, [a]) => deleteVirtualKey(t.context, t.actor, t.pick('virtual_key', a)),
  revokeVirtualKey: (t, [a]) => revokeVirtualKey(t.context, t.actor, { id: t.pick('virtual_key', a) }),
}

export const providerMutations: Record<string, Perform> = {
  createProvider: (t, [a, b]) =>
    created(
      t,
      'provider',
      createProvider(t.context, t.actor, {
        name: nameOf(a),
        baseUrl: 'https://api.example.com/v1',
        catalogue: b % 4 === 0 ? 'openai' : null,
      }),
    ),
  updateProvider: (t, [a, b]) =>
    updateProvider(t.context, t.actor, {
      id: t.pick('provider', b),
      name: nameOf(a),
      baseUrl: `https://${nameOf(b)}.example.com/v1/`,
    }),
  switchProvider: (t, [a, b]) =>
    updateProvider(t.context, t.actor, { id: t.pick('provider', b), active: a % 2 === 0 }),
  deleteProvider: (t, [a]) => deleteProvider(t.context, t.actor, t.pick('provider', a)),
  addProviderKey: (t, [a, b]) =>
    created(
      t,
      'provider_key',
      addProviderKey(t.context, t.actor, {
        providerId: t.pick('provider', b),
        name: nameOf(a),
        secret: 'sk-provider',
      }),
    ),
  updateProviderKey: (t, [a, b]) =>
    updateProviderKey(t.context, t.actor, {
      id: t.pick('provider_key', b),
      active: a % 2 === 0,
      weight: a + 1,
    }),
  rotateProviderKey: (t, [a]) =>
    rotateProviderKey(t.context, t.actor, { id: t.pick('provider_key', a), secret: 'sk-another' }),
  removeProviderKey: (t, [a]) => removeProviderKey(t.context, t.actor, t.pick('provider_key', a)),
  createModel: (t, [a, b]) =>
    created(
      t,
      'model',
      createModel(t.context, t.actor, { providerId: t.pick('provider', b), name: nameOf(a) }),
    ),
  updateModel: (t, [a, b, c]) =>
    updateModel(t.context, t.actor, {
      id: t.pick('model', b),
      name: nameOf(a),
      maxOutputTokens: c % 2 ? null : 100,
    }),
  deleteModel: (t, [a]) => deleteModel(t.context, t.actor, t.pick('model', a)),
}
