import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import { systemActor } from '../../../control-plane/actor.ts'
import { removeBudget, setBudget } from '../../../control-plane/modules/budgets/service.ts'
import {
  createBusinessUnit,
  deleteBusinessUnit,
  updateBusinessUnit,
} from '../../../control-plane/modules/business-units/service.ts'
import { updateClientConfiguration } from '../../../control-plane/modules/client-configuration/service.ts'
import {
  createCustomer,
  deleteCustomer,
  updateCustomer,
} from '../../../control-plane/modules/customers/service.ts'
import { enrolDataPlane } from '../../../control-plane/modules/data-planes/enrolment.ts'
import { createEnrolmentToken, revokeDataPlane } from '../../../control-plane/modules/data-planes/service.ts'
import { removeRequestLimit, setRequestLimit } from '../../../control-plane/modules/limits/service.ts'
import { createModel, deleteModel, updateModel } from '../../../control-plane/modules/models/service.ts'
import { updateOrganization } from '../../../control-plane/modules/organizations/service.ts'
import { configurePlugin } from '../../../control-plane/modules/plugins/service.ts'
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
import { createTeam, deleteTeam, updateTeam } from '../../../control-plane/modules/teams/service.ts'
import { createUser, deleteUser, updateUser } from '../../../control-plane/modules/users/service.ts'
import {
  importVirtualKey,
  issueVirtualKey,
  revokeVirtualKey,
  rotateVirtualKey,
  updateVirtualKey,
} from '../../../control-plane/modules/virtual-keys/service.ts'
import { createWorkspace, deleteWorkspace } from '../../../control-plane/modules/workspaces/service.ts'
import type { ServiceContext } from '../../../control-plane/service-context.ts'

/** What a mutation is made of: which one, and numbers by which it picks names and ids, present, stale or none. */
export interface Draw {
  readonly mutation: string
  readonly picks: readonly [number, number, number, number]
}

type Kind =
  | 'workspace'
  | 'customer'
  | 'business_unit'
  | 'team'
  | 'user'
  | 'virtual_key'
  | 'provider_config'
  | 'provider'
  | 'provider_key'
  | 'model'
  | 'budget'
  | 'request_limit'
  | 'data_plane'

const names = ['one', 'two', 'three', 'ONE'] as const

/** One organization and the ids of everything that it ever had: some of them name what is deleted by now. */
export class Tenant {
  readonly context: ServiceContext
  readonly organizationId: string
  readonly #ids = new Map<Kind, string[]>()

  constructor(context: ServiceContext, organizationId: string, workspaceId: string) {
    this.context = context
    this.organizationId = organizationId
    this.know('workspace', workspaceId)
  }

  get actor() {
    return systemActor(this.organizationId)
  }

  know(kind: Kind, id: string): void {
    this.#ids.set(kind, [...(this.#ids.get(kind) ?? []), id])
  }

  /** Lately made ones are more likely. */
  pick(kind: Kind, pick: number): string {
    const ids = this.#ids.get(kind) ?? []
    return ids.at(-1 - (pick % 5)) ?? ids[0] ?? 'none'
  }
}

type Perform = (tenant: Tenant, picks: Draw['picks']) => Promise<unknown>

async function created(tenant: Tenant, kind: Kind, work: Promise<{ readonly id: string }>): Promise<void> {
  tenant.know(kind, (await work).id)
}

const nameOf = (pick: number) => names[pick % names.length] ?? 'one'

function ownerOf(tenant: Tenant, pick: number, which: number): { kind: GovernedLevel; id: string } {
  const kinds = ['customer', 'business_unit', 'team', 'user', 'virtual_key', 'provider_config'] as const
  const kind = kinds[pick % 7]
  return kind ? { kind, id: tenant.pick(kind, which) } : { kind: 'organization', id: tenant.organizationId }
}

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
    allowedModels: ['*'],
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

export async function enrol({ context, actor }: Tenant): Promise<{ id: string }> {
  const { token } = await createEnrolmentToken(context, actor, { ttlSeconds: 60 })
  const request = {
    token,
    name: 'data plane',
    version: '0.0.0',
    signingKey: { ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) },
    sealingKey: { ...generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }) },
  }
  return { id: (await enrolDataPlane(context, request)).dataPlaneId }
}

const hierarchy: Record<string, Perform> = {
  updateOrganization: ({ context, actor }, [a]) => updateOrganization(context, actor, { name: nameOf(a) }),
  createWorkspace: (t, [a]) =>
    created(t, 'workspace', createWorkspace(t.context, t.actor, { name: nameOf(a) })),
  deleteWorkspace: (t, [a]) => deleteWorkspace(t.context, t.actor, t.pick('workspace', a)),
  createCustomer: (t, [a, b]) =>
    created(
      t,
      'customer',
      createCustomer(t.context, t.actor, { workspaceId: t.pick('workspace', b), name: nameOf(a) }),
    ),
  updateCustomer: (t, [a, b]) =>
    updateCustomer(t.context, t.actor, { id: t.pick('customer', b), name: nameOf(a) }),
  deleteCustomer: (t, [a]) => deleteCustomer(t.context, t.actor, t.pick('customer', a)),
  createBusinessUnit: (t, [a, b]) =>
    created(
      t,
      'business_unit',
      createBusinessUnit(t.context, t.actor, { customerId: t.pick('customer', b), name: nameOf(a) }),
    ),
  updateBusinessUnit: (t, [a, b]) =>
    updateBusinessUnit(t.context, t.actor, { id: t.pick('business_unit', b), name: nameOf(a) }),
  deleteBusinessUnit: (t, [a]) => deleteBusinessUnit(t.context, t.actor, t.pick('business_unit', a)),
  createTeam: (t, [a, b, c, d]) =>
    created(
      t,
      'team',
      createTeam(t.context, t.actor, {
        workspaceId: t.pick('workspace', d),
        name: nameOf(a),
        ...placement(t, b, c),
      }),
    ),
  renameTeam: (t, [a, b]) => updateTeam(t.context, t.actor, { id: t.pick('team', b), name: nameOf(a) }),
  moveTeam: (t, [a, b, c]) =>
    updateTeam(t.context, t.actor, { id: t.pick('team', a), ...placement(t, b, c) }),
  deleteTeam: (t, [a]) => deleteTeam(t.context, t.actor, t.pick('team', a)),
  createUser: (t, [a, b, c]) =>
    created(
      t,
      'user',
      createUser(t.context, t.actor, { name: nameOf(a), teamId: b % 2 ? t.pick('team', c) : null }),
    ),
  moveUser: (t, [a, b, c]) =>
    updateUser(t.context, t.actor, { id: t.pick('user', a), teamId: b % 2 ? t.pick('team', c) : null }),
  switchUser: (t, [a, b]) => updateUser(t.context, t.actor, { id: t.pick('user', a), active: b % 2 === 0 }),
  deleteUser: (t, [a]) => deleteUser(t.context, t.actor, t.pick('user', a)),
}

function placement(tenant: Tenant, pick: number, which: number) {
  if (pick % 3 === 0) return { customerId: tenant.pick('customer', which) }
  if (pick % 3 === 1) return { businessUnitId: tenant.pick('business_unit', which) }
  return { customerId: null }
}

const keys: Record<string, Perform> = {
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
  revokeVirtualKey: (t, [a]) => revokeVirtualKey(t.context, t.actor, t.pick('virtual_key', a)),
}

const price = '1000000000'
const providers: Record<string, Perform> = {
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

const policies: Record<string, Perform> = {
  setBudget: async (t, [a, b, c]) => {
    const budget = await setBudget(t.context, t.actor, {
      owner: ownerOf(t, a, b),
      limitNanoUsd: BigInt(price) + BigInt(c),
      period: c % 2 ? 'DAY' : 'NONE',
    })
    t.know('budget', budget.budget.id)
  },
  removeBudget: (t, [a]) => removeBudget(t.context, t.actor, t.pick('budget', a)),
  setRequestLimit: (t, [a, b, c]) =>
    created(
      t,
      'request_limit',
      setRequestLimit(t.context, t.actor, { owner: ownerOf(t, a, b), maxRequests: c + 1, windowSeconds: 60 }),
    ),
  removeRequestLimit: (t, [a]) => removeRequestLimit(t.context, t.actor, t.pick('request_limit', a)),
  updateClientConfiguration: (t, [a, b]) =>
    updateClientConfiguration(t.context, t.actor, {
      allowedOrigins: a % 2 ? ['*'] : [`https://${nameOf(b).toLowerCase()}.example.com`],
      headerFilter: { allowlist: b % 2 ? null : ['x-trace-*'], denylist: ['x-secret'] },
    }),
  configurePlugin: (t, [a, b]) =>
    configurePlugin(t.context, t.actor, {
      name: ['header-filter', 'budget', 'block-words'][a % 3] ?? '',
      ...(a % 3 === 2
        ? {
            enabled: b % 2 === 0,
            position: { side: 'before', of: 'budget' },
            order: b,
            config: { words: [nameOf(b)] },
          }
        : { config: {} }),
    }),
  enrolDataPlane: (t) => created(t, 'data_plane', enrol(t)),
  revokeDataPlane: (t, [a]) => revokeDataPlane(t.context, t.actor, { id: t.pick('data_plane', a) }),
}

const mutations: Readonly<Record<string, Perform>> = { ...hierarchy, ...keys, ...providers, ...policies }

export const mutationNames: readonly string[] = Object.keys(mutations)

const makes = mutationNames.filter((name) => /^(create|issue|import|add|set|enrol)/.test(name))

const pick = fc.nat(11)

export const draw: fc.Arbitrary<Draw> = fc.record({
  mutation: fc.oneof(fc.constantFrom(...makes), fc.constantFrom(...mutationNames)),
  picks: fc.tuple(pick, pick, pick, pick),
})

/** What most mutations need to find. */
export const groundwork: readonly Draw[] = [
  { mutation: 'createCustomer', picks: [0, 0, 0, 0] },
  { mutation: 'createBusinessUnit', picks: [0, 0, 0, 0] },
  { mutation: 'createTeam', picks: [0, 1, 0, 0] },
  { mutation: 'createUser', picks: [0, 1, 0, 0] },
  { mutation: 'createProvider', picks: [0, 0, 0, 0] },
  { mutation: 'addProviderKey', picks: [0, 0, 0, 0] },
  { mutation: 'issueVirtualKey', picks: [0, 1, 0, 2] },
]

/** What a random sequence seldom comes to. */
export const seldomAccepted: readonly Draw[] = [
  { mutation: 'createProvider', picks: [1, 1, 0, 0] },
  { mutation: 'createModel', picks: [0, 0, 0, 0] },
  { mutation: 'updateModel', picks: [1, 0, 0, 0] },
  { mutation: 'deleteModel', picks: [0, 0, 0, 0] },
  { mutation: 'deleteProvider', picks: [0, 0, 0, 0] },
  { mutation: 'createWorkspace', picks: [1, 0, 0, 0] },
  { mutation: 'deleteWorkspace', picks: [0, 0, 0, 0] },
]

/** @throws Refusal, BadUserInput; any other error is a bug. */
export async function perform(tenant: Tenant, { mutation, picks }: Draw): Promise<void> {
  await mutations[mutation]?.(tenant, picks)
}
