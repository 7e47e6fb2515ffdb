import type {
  CompiledKey,
  CompiledModel,
  CompiledProvider,
  Configuration,
  HeaderFilter,
  LimitNode,
  Prices,
  ProviderGrant,
  TokenUser,
} from 'gatehouse/plugin-sdk/builtin'

export const testPrices: Prices = {
  inputNanoUsdPerMillionTokens: 1_000_000_000,
  cachedInputNanoUsdPerMillionTokens: 100_000_000,
  outputNanoUsdPerMillionTokens: 2_000_000_000,
  imageNanoUsd: 0,
}

export function model(
  name: string,
  { prices = testPrices, ...members }: Partial<CompiledModel> & { readonly prices?: Prices | null } = {},
): CompiledModel {
  return {
    id: `mdl_${name}`,
    name,
    upstreamName: name,
    maxOutputTokens: null,
    pricesAt: () => prices,
    ...members,
  }
}

export function provider(
  name: string,
  models: readonly CompiledModel[] = [],
  members: Partial<CompiledProvider> = {},
): CompiledProvider {
  const byName = new Map(models.map((entry) => [entry.name, entry]))
  return {
    id: `prov_${name}`,
    name,
    active: true,
    baseUrl: `https://${name}.example/v1`,
    origin: `https://${name}.example`,
    allowPrivateNetwork: true,
    connectTimeoutMs: 1000,
    idleTimeoutMs: 1000,
    whenCallerLeaves: 'drain_capped',
    heldBack: null,
    unlistedHeldBack: null,
    model: (wanted) => byName.get(wanted),
    models,
    ...members,
  }
}

export function grant(
  granted: CompiledProvider,
  allowed: readonly string[] = ['*'],
  members: Partial<ProviderGrant> = {},
): ProviderGrant {
  return {
    id: `pc_${granted.name}`,
    provider: granted,
    active: true,
    weight: 1,
    heldBack: null,
    providerKeys: [
      { id: `pk_${granted.name}`, weight: 1, credentialId: `secret-of-${granted.name}`, concurrency: null },
    ],
    allowsModel: (name) => allowed.includes('*') || allowed.includes(name),
    ownerMayUse: () => true,
    budgets: [],
    limits: [],
    ...members,
  }
}

export function key(members: Partial<CompiledKey> = {}): CompiledKey {
  return {
    id: 'vk_test',
    name: 'test key',
    principal: {
      organizationId: 'org_test',
      workspaceId: 'ws_test',
      customerId: null,
      businessUnitId: null,
      teamId: 'team_test',
      userId: null,
    },
    status: 'active',
    heldBack: null,
    priority: 'normal',
    expiresAt: null,
    secretExpiresAt: () => null,
    budgets: [],
    limits: [],
    grants: [],
    inference: null,
    contentLogging: null,
    requireFreshMs: null,
    concurrency: null,
    ...members,
  }
}

export function limitNode(
  id: string,
  scope: string,
  max: number,
  unit: LimitNode['unit'] = 'requests',
): LimitNode {
  return { id, scope, unit, max, windowSeconds: 60 }
}

export interface ConfigurationMembers {
  /** By secret; the fake host's digest of `x` is `digest-of-x`. */
  readonly keys?: Readonly<Record<string, CompiledKey>>
  /** By subject. */
  readonly users?: Readonly<Record<string, TokenUser>>
  readonly revoked?: readonly string[]
  readonly headerFilter?: Partial<HeaderFilter>
  readonly showBudgetAmounts?: boolean
}

export function configuration(members: ConfigurationMembers = {}): Configuration {
  const keys = new Map(
    Object.entries(members.keys ?? {}).map(([secret, entry]) => [`digest-of-${secret}`, entry]),
  )
  return {
    organizationId: 'org_test',
    epoch: 1,
    revision: 1,
    hash: '0'.repeat(64),
    keyByDigest: (digest) => keys.get(digest),
    tokenIssuer: () => undefined,
    tokenUser: (_issuer, subject) => members.users?.[subject],
    isRevoked: (id) => members.revoked?.includes(id) === true,
    allowedOrigins: [],
    allowedHeaders: [],
    headerFilter: { allowlist: null, denylist: [], forwardDirect: false, ...members.headerFilter },
    requiredHeaders: [],
    admitsAddress: null,
    isTrustedProxy: null,
    maxStalenessMs: null,
    showBudgetAmounts: members.showBudgetAmounts ?? false,
    plugins: [],
  }
}
