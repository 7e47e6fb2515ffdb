import { timingSafeEqual } from 'node:crypto'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Json } from '../../contract/canonical.ts'
import { BudgetEntity } from '../modules/budgets/entity.ts'
import { BusinessUnitEntity } from '../modules/business-units/entity.ts'
import { ClientConfigurationEntity } from '../modules/client-configuration/entity.ts'
import { defaultSettings, namedSettings } from '../modules/client-configuration/settings.ts'
import { CustomerEntity } from '../modules/customers/entity.ts'
import { RequestLimitEntity } from '../modules/limits/entity.ts'
import { ModelEntity } from '../modules/models/entity.ts'
import { PluginEntity } from '../modules/plugins/entity.ts'
import { positionOf } from '../modules/plugins/snapshot.ts'
import { providerSecretPlace } from '../modules/providers/credentials.ts'
import { ProviderEntity } from '../modules/providers/entity.ts'
import { ProviderKeyEntity } from '../modules/providers/provider-key-entity.ts'
import { TeamEntity } from '../modules/teams/entity.ts'
import { UserEntity } from '../modules/users/entity.ts'
import { accessOf } from '../modules/users/snapshot.ts'
import { type VirtualKey, VirtualKeyEntity } from '../modules/virtual-keys/entity.ts'
import { ProviderConfigEntity } from '../modules/virtual-keys/provider-config-entity.ts'
import { WorkspaceEntity } from '../modules/workspaces/entity.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { ServiceContext } from '../service-context.ts'
import { normalMode, normalWindow } from './budget-windows.ts'
import type { ItemName, OwnerKind, PresentItem } from './items.ts'
import { readPresentAssignments, readPresentMemberships } from './present-people.ts'
import { providersOf, readPresentRoles, readRoleKeys } from './present-roles.ts'
import { normalPrices } from './prices.ts'
import { limitFieldsOf } from './request-limits.ts'
import { usdOfNanoUsd } from './usd.ts'
import { accessFields } from './user-access.ts'

export interface PresentConfiguration {
  readonly items: readonly PresentItem[]
  /** Provider configurations by id: budgets and limits may be theirs. */
  readonly providerConfigs: ReadonlyMap<string, ItemName>
}

/** All that the organization has and a file can name. Revoked keys are history. */
export async function readPresentConfiguration(
  em: EntityManager,
  { secrets, now }: Pick<ServiceContext, 'secrets' | 'now'>,
  organizationId: string,
): Promise<PresentConfiguration> {
  const reader = new PresentReader(em, { secrets, now: now() }, organizationId)
  return reader.read()
}

class PresentReader {
  readonly #em: EntityManager
  readonly #secrets: Secrets
  /** Milliseconds since the epoch. */
  readonly #now: number
  readonly #organizationId: string
  readonly #items: PresentItem[] = []
  /** Of everything that was read, by id. */
  readonly #names = new Map<string, ItemName>()

  constructor(
    em: EntityManager,
    { secrets, now }: { readonly secrets: Secrets; readonly now: number },
    organizationId: string,
  ) {
    this.#em = em
    this.#secrets = secrets
    this.#now = now
    this.#organizationId = organizationId
  }

  async read(): Promise<PresentConfiguration> {
    for (const { id, name } of await this.#em.find(WorkspaceEntity, {}, oldestFirst)) {
      this.#add({ kind: 'workspace', id, name: [name], fields: {} })
    }
    await this.#readPeople()
    await this.#readProviders()
    for (const item of await readPresentRoles(this.#em, this.#names)) this.#add(item)
    const providerConfigs = await this.#readVirtualKeys()
    await this.#readAssignments()
    await this.#readPolicies()
    await this.#readSettings()
    return { items: this.#items, providerConfigs }
  }

  async #readPeople(): Promise<void> {
    for (const { id, workspaceId, name } of await this.#em.find(CustomerEntity, {}, oldestFirst)) {
      this.#add({ kind: 'customer', id, name: [...this.#name(workspaceId), name], fields: {} })
    }
    for (const { id, customerId, name } of await this.#em.find(BusinessUnitEntity, {}, oldestFirst)) {
      this.#add({ kind: 'business_unit', id, name: [...this.#name(customerId), name], fields: {} })
    }
    for (const team of await this.#em.find(TeamEntity, {}, oldestFirst)) {
      const fields = { customer: this.#last(team.customerId), businessUnit: this.#last(team.businessUnitId) }
      this.#add({ kind: 'team', id: team.id, name: [...this.#name(team.workspaceId), team.name], fields })
    }
    for (const user of await this.#em.find(UserEntity, {}, oldestFirst)) {
      const { id, name, email, teamId, active } = user
      const [workspace = '', team = ''] = teamId === null ? [] : this.#name(teamId)
      const place = teamId === null ? null : { workspace, name: team }
      const fields = { name, email, team: place, active, ...accessFields(accessOf(user)) }
      this.#add({ kind: 'user', id, name: [email ?? name], fields })
    }
  }

  async #readProviders(): Promise<void> {
    for (const provider of await this.#em.find(ProviderEntity, {}, oldestFirst)) {
      const { id, name, baseUrl, allowPrivateNetwork, active, connectTimeoutMs, idleTimeoutMs } = provider
      const whenCallerLeaves = provider.whenCallerLeaves.toUpperCase()
      const limits = { connectTimeoutMs, idleTimeoutMs, whenCallerLeaves }
      const fields = { baseUrl, allowPrivateNetwork, active, ...limits }
      this.#add({ kind: 'provider', id, name: [name], fields })
    }
    for (const key of await this.#em.find(ProviderKeyEntity, {}, oldestFirst)) {
      const { id, providerId, name, credentialId, sealedSecret, weight, active, maxConcurrentCalls } = key
      const place = providerSecretPlace(this.#organizationId, credentialId)
      this.#add({
        kind: 'provider_key',
        id,
        name: [...this.#name(providerId), name],
        fields: { weight, active, maxConcurrentCalls },
        hasSecret: (secret) => isSame(this.#secrets.openValue(place, sealedSecret), secret),
      })
    }
    for (const model of await this.#em.find(ModelEntity, {}, oldestFirst)) {
      const { id, providerId, name, upstreamName, maxOutputTokens } = model
      const fields = { upstreamName, maxOutputTokens, ...normalPrices(model, this.#now) }
      this.#add({ kind: 'model', id, name: [...this.#name(providerId), name], fields })
    }
  }

  async #readVirtualKeys(): Promise<ReadonlyMap<string, ItemName>> {
    const keys = await this.#em.find(VirtualKeyEntity, { status: { $ne: 'revoked' } }, oldestFirst)
    const configs = await this.#em.find(ProviderConfigEntity, {}, oldestFirst)
    const configsOfKey = Map.groupBy(configs, ({ virtualKeyId }) => virtualKeyId)
    const digests = await this.#readDigests()
    const roleKeys = await readRoleKeys(this.#em)
    const isOver = ({ expiresAt }: VirtualKey) => expiresAt !== null && expiresAt.getTime() <= this.#now
    const providerConfigs = new Map<string, ItemName>()
    for (const key of keys) {
      const name = [...this.#name(key.workspaceId), key.name]
      const own = configsOfKey.get(key.id) ?? []
      for (const { id, providerId } of own) {
        const configName = [...name, ...this.#name(providerId)]
        this.#names.set(id, configName)
        providerConfigs.set(id, configName)
      }
      this.#add({
        kind: 'virtual_key',
        id: key.id,
        name,
        ...(isOver(key) && { managedBy: 'has expired' }),
        // The assignment of the role brings it along.
        ...(roleKeys.has(key.id) && { managedBy: null }),
        fields: {
          owner: this.#ownerOf(key),
          description: key.description,
          tags: key.tags,
          active: key.status === 'active',
          priority: key.priority.toUpperCase(),
          deleteAfterExpiry: key.deleteAfterExpiry,
          requireFreshSeconds: key.requireFreshSeconds,
          maxConcurrentCalls: key.maxConcurrentCalls,
          contentLogging: key.contentLogging.toUpperCase(),
          allowAllProviders: key.allowAllProviders,
          expiresAt: key.expiresAt?.toISOString() ?? null,
          providers: providersOf(own, this.#names),
          accessProfile: this.#last(key.accessProfileId),
        },
        hasSecret: (secret) => digests.get(key.id)?.has(this.#secrets.digestVirtualKey(secret)) ?? false,
      })
    }
    return providerConfigs
  }

  async #readAssignments(): Promise<void> {
    const known = new Map(this.#items.map((item) => [item.id, item]))
    for (const item of await readPresentMemberships(this.#em, known)) this.#add(item)
    for (const item of await readPresentAssignments(this.#em, known, this.#now)) this.#add(item)
  }

  async #readDigests(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const rows = await this.#em.execute<{ id: string; digest: string }[]>(
      'select virtual_key_id as id, digest from virtual_key_secrets where org_id = ?',
      [this.#organizationId],
    )
    const digests = new Map<string, Set<string>>()
    for (const { id, digest } of rows) digests.set(id, (digests.get(id) ?? new Set()).add(digest))
    return digests
  }

  #ownerOf({ customerId, teamId, userId }: VirtualKey): Json {
    if (customerId !== null) return { customer: this.#last(customerId) ?? '' }
    if (teamId !== null) return { team: this.#last(teamId) ?? '' }
    return { user: this.#last(userId) ?? '' }
  }

  /** Those that an access profile decides are the profile's. */
  async #readPolicies(): Promise<void> {
    const own = { fromProfile: false }
    for (const budget of await this.#em.find(BudgetEntity, own)) {
      const { id, ownerKind, ownerId, limitNanoUsd, period, mode } = budget
      const limitUsd = usdOfNanoUsd(BigInt(limitNanoUsd))
      const fields = { limitUsd, window: normalWindow(budget), mode: normalMode(mode) }
      this.#addPolicy('budget', id, ownerKind, ownerId, period, fields)
    }
    for (const limit of await this.#em.find(RequestLimitEntity, own)) {
      const { id, ownerKind, ownerId, windowSeconds } = limit
      this.#addPolicy('request_limit', id, ownerKind, ownerId, String(windowSeconds), limitFieldsOf(limit))
    }
  }

  #addPolicy(
    kind: 'budget' | 'request_limit',
    id: string,
    ownerKind: OwnerKind,
    ownerId: string,
    ownName: string,
    fields: Readonly<Record<string, Json>>,
  ): void {
    const name = ownerKind === 'organization' ? [] : this.#names.get(ownerId)
    // The owner may be a revoked key.
    if (!name) return
    this.#add({ kind, id, name: [ownerKind, ...name, ownName], owner: { kind: ownerKind, name }, fields })
  }

  async #readSettings(): Promise<void> {
    const row = await this.#em.findOne(ClientConfigurationEntity, { organizationId: this.#organizationId })
    const fields = namedSettings(row ?? defaultSettings)
    this.#add({ kind: 'client_configuration', id: row?.id ?? '', name: [], fields })
    for (const plugin of await this.#em.find(PluginEntity, {}, oldestFirst)) {
      const { id, name, enabled, sortOrder, config } = plugin
      const place = positionOf(plugin)
      const position = place && { side: place.side === 'before' ? 'BEFORE' : 'AFTER', of: place.of }
      this.#add({ kind: 'plugin', id, name: [name], fields: { enabled, position, order: sortOrder, config } })
    }
  }

  #add(item: PresentItem): void {
    this.#names.set(item.id, item.name)
    this.#items.push(item)
  }

  #name(id: string): ItemName {
    return this.#names.get(id) ?? [id]
  }

  #last(id: string | null): string | null {
    return id === null ? null : (this.#name(id).at(-1) ?? null)
  }
}

const oldestFirst = { orderBy: { id: 'asc' } } as const

/** In a time that tells nothing of where two secrets of one length differ. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
