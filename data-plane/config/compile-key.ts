import {
  type Budget,
  type GovernedLevel,
  governedLevels,
  type ProviderConfig,
  type ProviderKey,
  type RequestLimit,
  type User,
  type VirtualKey,
} from '../../contract/configuration/entities.ts'
import type {
  BudgetNode,
  CompiledKey,
  CompiledProvider,
  ConcurrencyLimit,
  LimitNode,
  ProviderGrant,
} from '../../plugins/sdk/builtin.ts'
import type { Principal } from '../../plugins/sdk/call.ts'
import { compileAccess, modelTest } from './compile-access.ts'
import { millisecondsOf } from './compile-client.ts'
import { compileInference } from './compile-inference.ts'
import type { EntityIndex } from './entity-index.ts'
import { everything } from './relations.ts'

type ProviderLookup = (id: string) => CompiledProvider | undefined

export interface KeySurroundings {
  readonly index: EntityIndex
  readonly organizationId: string
  readonly providers: ProviderLookup
  /** Who uses a key of their team's: their restrictions hold and their budgets are charged too. */
  readonly caller?: User
}

/** All that a call needs to know of its key, gathered once: whom it is charged to, what it may spend and where. */
export function compileKey(key: VirtualKey, surroundings: KeySurroundings): CompiledKey {
  const { index, organizationId, providers, caller } = surroundings
  const { principal, owner } = principalOf(key, index, organizationId, caller)
  const ownerActive = key.owner.kind !== 'user' || owner?.active === true
  const unreadOwner = key.owner.kind === 'user' ? index.unread.heldBack('user', key.owner.id) : undefined
  const ownerMayUse = compileAccess(owner?.access)
  const path = governedPath(key, principal)
  const secretExpiry = new Map(key.secretDigests.map(({ digest, expiresAt }) => [digest, expiresAt]))
  return Object.freeze({
    id: key.id,
    name: key.name,
    principal,
    status: key.status === 'active' && !ownerActive ? 'inactive' : key.status,
    heldBack: unreadOwner?.heldBack ?? null,
    priority: key.priority ?? 'normal',
    expiresAt: key.expiresAt,
    secretExpiresAt: (digest: string) => secretExpiry.get(digest) ?? null,
    budgets: budgetsOf(path, index),
    limits: limitsOf(path, index),
    grants: Object.freeze(
      configsOf(key, index).flatMap((config) => grantOf(config, index, providers, ownerMayUse)),
    ),
    inference: compileInference(key, principal.userId, index),
    contentLogging: key.contentLogging ?? null,
    requireFreshMs: millisecondsOf(key.requireFreshSeconds),
    concurrency: concurrencyOf(key),
  })
}

/** Customer, business unit, team and user above a key: a team's business unit decides its customer. */
function principalOf(key: VirtualKey, index: EntityIndex, organizationId: string, caller: User | undefined) {
  const { owner } = key
  const user = owner.kind === 'user' ? index.get('user', owner.id) : caller
  const teamId = owner.kind === 'team' ? owner.id : (user?.teamId ?? null)
  const team = teamId === null ? undefined : index.get('team', teamId)
  const businessUnitId = team?.businessUnitId ?? null
  const businessUnit = businessUnitId === null ? undefined : index.get('business_unit', businessUnitId)
  const customerId =
    owner.kind === 'customer' ? owner.id : (businessUnit?.customerId ?? team?.customerId ?? null)
  const principal: Principal = Object.freeze({
    organizationId,
    workspaceId: key.workspaceId,
    customerId,
    businessUnitId,
    teamId,
    userId: user?.id ?? null,
  })
  return { principal, owner: user }
}

interface Level {
  readonly scope: GovernedLevel
  readonly id: string
}

/** From the organization down to the key; the provider-config level belongs to the grants. */
function governedPath(key: VirtualKey, principal: Principal): readonly Level[] {
  const ids: Record<GovernedLevel, string | null> = {
    organization: principal.organizationId,
    customer: principal.customerId,
    business_unit: principal.businessUnitId,
    team: principal.teamId,
    user: principal.userId,
    virtual_key: key.id,
    provider_config: null,
  }
  return governedLevels.flatMap((scope) => {
    const id = ids[scope]
    return id === null ? [] : [{ scope, id }]
  })
}

function budgetsOf(path: readonly Level[], index: EntityIndex): readonly BudgetNode[] {
  return Object.freeze(
    path.flatMap(({ scope, id }) => inOrder(index.partsOf('budget', `${scope}/${id}`)).map(budgetNode)),
  )
}

function limitsOf(path: readonly Level[], index: EntityIndex): readonly LimitNode[] {
  return Object.freeze(
    path.flatMap(({ scope, id }) =>
      inOrder(index.partsOf('request_limit', `${scope}/${id}`)).flatMap(limitNodes),
    ),
  )
}

/** A provider that only `allowAllProviders` opens has no weight: a call must name it, or find none with a weight. */
function configsOf(key: VirtualKey, index: EntityIndex): readonly ProviderConfig[] {
  if (!key.allowAllProviders) return key.providerConfigs
  const configured = new Set(key.providerConfigs.map(({ providerId }) => providerId))
  const all = [...index.partsOf('provider', everything), ...index.unread.heldBackProviders()]
  const others = inOrder<{ readonly id: string }>(all).filter(({ id }) => !configured.has(id))
  return [...key.providerConfigs, ...others.map(({ id }) => openConfig(key, id))]
}

function openConfig(key: VirtualKey, providerId: string): ProviderConfig {
  return {
    id: `${key.id}:${providerId}`,
    providerId,
    weight: null,
    allowedModels: ['*'],
    providerKeyIds: ['*'],
  }
}

function grantOf(
  config: ProviderConfig,
  index: EntityIndex,
  providers: ProviderLookup,
  ownerMayUse: ReturnType<typeof compileAccess>,
): ProviderGrant[] {
  const provider = providers(config.providerId)
  if (!provider) return []
  const level: readonly Level[] = [{ scope: 'provider_config', id: config.id }]
  const anyKey = config.providerKeyIds.includes('*')
  const mayUse = ({ id }: { readonly id: string }) => anyKey || config.providerKeyIds.includes(id)
  const unreadKey = index.unread.heldBackPartsOf('provider_key', config.providerId).find(mayUse)
  const providerKeys = inOrder(index.partsOf('provider_key', `provider/${config.providerId}`))
    .filter((providerKey) => providerKey.active && mayUse(providerKey))
    .map((providerKey) => {
      const { id, weight, credentialId } = providerKey
      return Object.freeze({ id, weight, credentialId, concurrency: concurrencyOf(providerKey) })
    })
  return [
    Object.freeze({
      id: config.id,
      provider,
      active: config.active ?? true,
      weight: config.weight,
      heldBack: provider.heldBack ?? (providerKeys.length === 0 ? (unreadKey?.heldBack ?? null) : null),
      providerKeys: Object.freeze(providerKeys),
      allowsModel: modelTest(config.allowedModels, config.blockedModels ?? [], provider),
      ownerMayUse: ownerMayUse(provider),
      budgets: budgetsOf(level, index),
      limits: limitsOf(level, index),
    }),
  ]
}

function concurrencyOf({ id, maxConcurrentCalls: max }: VirtualKey | ProviderKey): ConcurrencyLimit | null {
  return max === undefined ? null : Object.freeze({ id, max })
}

function budgetNode({ id, owner, limitNanoUsd, mode }: Budget): BudgetNode {
  return Object.freeze({ id, scope: owner.kind, limitNanoUsd, ...(mode && { mode }) })
}

/** One for each thing that is counted: each has permits of its own. */
function limitNodes({ id, owner, maxRequests, maxTokens, windowSeconds }: RequestLimit): LimitNode[] {
  const common = { scope: owner.kind, windowSeconds }
  const nodes: LimitNode[] = []
  if (maxRequests !== undefined) nodes.push({ ...common, id, unit: 'requests', max: maxRequests })
  if (maxTokens !== undefined) nodes.push({ ...common, id: `${id}:tokens`, unit: 'tokens', max: maxTokens })
  return nodes.map((node) => Object.freeze(node))
}

/** Data planes must agree on the order, whatever way they came by the entities. */
function inOrder<T extends { readonly id: string }>(entities: readonly T[]): readonly T[] {
  return entities.length < 2 ? entities : [...entities].sort((a, b) => (a.id < b.id ? -1 : 1))
}
