import { generateKeyPairSync } from 'node:crypto'
import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import {
  addBudget,
  removeBudget,
  setBudget,
  updateBudget,
} from '../../../control-plane/modules/budgets/service.ts'
import { updateClientConfiguration } from '../../../control-plane/modules/client-configuration/service.ts'
import { enrolDataPlane } from '../../../control-plane/modules/data-planes/enrolment.ts'
import { createEnrolmentToken, revokeDataPlane } from '../../../control-plane/modules/data-planes/service.ts'
import {
  addRequestLimit,
  removeRequestLimit,
  setRequestLimit,
  updateRequestLimit,
} from '../../../control-plane/modules/limits/service.ts'
import { configurePlugin } from '../../../control-plane/modules/plugins/service.ts'
import { created, nameOf, type Perform, type Tenant } from './tenant.ts'

function ownerOf(tenant: Tenant, pick: number, which: number): { kind: GovernedLevel; id: string } {
  const kinds = ['customer', 'business_unit', 'team', 'user', 'virtual_key', 'provider_config'] as const
  const kind = kinds[pick % 7]
  return kind ? { kind, id: tenant.pick(kind, which) } : { kind: 'organization', id: tenant.organizationId }
}

const price = '1000000000'
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

export const policyMutations: Record<string, Perform> = {
  setBudget: async (t, [a, b, c]) => {
    const budget = await setBudget(t.context, t.actor, {
      owner: ownerOf(t, a, b),
      limitNanoUsd: BigInt(price) + BigInt(c),
      period: c % 2 ? 'DAY' : 'NONE',
    })
    t.know('budget', budget.budget.id)
  },
  addBudget: async (t, [a, b, c]) => {
    const terms = { limitNanoUsd: BigInt(price), period: c % 2 ? 'WEEK' : 'MONTH' } as const
    const { budget } = await addBudget(t.context, t.actor, { owner: ownerOf(t, a, b), ...terms })
    t.know('budget', budget.id)
  },
  updateBudget: (t, [a, b]) =>
    updateBudget(t.context, t.actor, { id: t.pick('budget', a), period: b % 2 ? 'DAY' : 'YEAR' }),
  removeBudget: (t, [a]) => removeBudget(t.context, t.actor, t.pick('budget', a)),
  setRequestLimit: (t, [a, b, c]) =>
    created(
      t,
      'request_limit',
      setRequestLimit(t.context, t.actor, {
        ...{ owner: ownerOf(t, a, b), windowSeconds: 60 },
        ...(c % 3 === 0 ? { maxTokens: c + 1 } : { maxRequests: c + 1 }),
      }),
    ),
  addRequestLimit: (t, [a, b, c]) =>
    created(
      t,
      'request_limit',
      addRequestLimit(t.context, t.actor, { owner: ownerOf(t, a, b), maxRequests: 5, windowSeconds: c + 1 }),
    ),
  updateRequestLimit: (t, [a, b]) =>
    updateRequestLimit(t.context, t.actor, { id: t.pick('request_limit', a), windowSeconds: b + 1 }),
  removeRequestLimit: (t, [a]) => removeRequestLimit(t.context, t.actor, t.pick('request_limit', a)),
  updateClientConfiguration: (t, [a, b]) =>
    updateClientConfiguration(t.context, t.actor, {
      allowedOrigins: a % 2 ? ['*'] : [`https://${nameOf(b).toLowerCase()}.example.com`],
      headerFilter: { allowlist: b % 2 ? null : ['x-trace-*'], denylist: ['x-secret'] },
      requiredHeaders: a % 3 ? [{ name: 'X-Team', pattern: b % 2 ? '*' : '[a-z]+' }] : [],
      ipAllowlist: a % 3 ? ['10.0.0.0/8', '2001:DB8::/32'] : null,
      trustedProxies: b % 3 ? ['192.0.2.7'] : [],
      maxStalenessSeconds: a % 2 ? 3_600 : null,
      showBudgetAmounts: b % 2 === 0,
      rolesGovernInference: b % 2 === 1,
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
