import type { CompiledKey, Configuration } from '../../plugins/sdk/builtin.ts'

/** A compiled configuration with one key, for tests of what stands around it. */
export function configurationWith(parts: Partial<Configuration> = {}): Configuration {
  return {
    organizationId: 'org_1',
    epoch: 1,
    revision: 1,
    hash: '0'.repeat(64),
    keyByDigest: (digest) => (digest === 'digest-of-good-key' ? goodKey : undefined),
    tokenIssuer: () => undefined,
    tokenUser: () => undefined,
    isRevoked: () => false,
    allowedOrigins: [],
    allowedHeaders: [],
    headerFilter: { allowlist: null, denylist: [], forwardDirect: false },
    requiredHeaders: [],
    admitsAddress: null,
    isTrustedProxy: null,
    maxStalenessMs: null,
    showBudgetAmounts: false,
    plugins: [],
    ...parts,
  }
}

export const goodKey: CompiledKey = {
  id: 'vk_1',
  name: 'test key',
  principal: {
    organizationId: 'org_1',
    workspaceId: 'ws_1',
    customerId: null,
    businessUnitId: null,
    teamId: 'team_1',
    userId: null,
  },
  status: 'active',
  heldBack: null,
  priority: 'normal',
  inference: null,
  expiresAt: null,
  secretExpiresAt: () => null,
  budgets: [],
  limits: [],
  grants: [],
  contentLogging: null,
  requireFreshMs: null,
  concurrency: null,
}
