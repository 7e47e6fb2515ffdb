import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow } from '../../db/require-row.ts'
import { InUse, NameTaken } from '../../graphql/refusals.ts'
import { checkInteger } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type Catalogue, keepPrices, listModelKeys, seedModels } from '../models/index.ts'
import { followRenamedProvider } from '../users/index.ts'
import { checkBaseUrl } from './base-url.ts'
import { type Provider, ProviderEntity, type WhenCallerLeaves } from './entity.ts'
import { checkProviderName } from './name.ts'
import { ProviderKeyEntity } from './provider-key-entity.ts'
import { providerKeySnapshot, providerSnapshot } from './snapshot.ts'

export const defaultConnectTimeoutMs = 5_000
export const defaultIdleTimeoutMs = 120_000
const longestConnectTimeoutMs = 60_000
const longestIdleTimeoutMs = 3_600_000

export interface CreateProvider {
  readonly name: string
  readonly baseUrl: string
  /** Whose models and prices it begins with. */
  readonly catalogue?: Catalogue | null | undefined
  readonly allowPrivateNetwork?: boolean | null | undefined
  readonly connectTimeoutMs?: number | null | undefined
  readonly idleTimeoutMs?: number | null | undefined
  /** `drain_capped` unless said. */
  readonly whenCallerLeaves?: WhenCallerLeaves | null | undefined
}

export interface UpdateProvider extends ExpectedVersion {
  readonly id: string
  readonly name?: string | null | undefined
  readonly baseUrl?: string | null | undefined
  readonly allowPrivateNetwork?: boolean | null | undefined
  readonly active?: boolean | null | undefined
  readonly connectTimeoutMs?: number | null | undefined
  readonly idleTimeoutMs?: number | null | undefined
  readonly whenCallerLeaves?: WhenCallerLeaves | null | undefined
}

/** @throws NameTaken */
export function createProvider(
  context: ServiceContext,
  actor: Actor,
  input: CreateProvider,
): Promise<Provider> {
  actor.require('providers:create', organizationWide)
  const allowPrivateNetwork = input.allowPrivateNetwork ?? false
  const fields = {
    name: checkProviderName('name', input.name),
    baseUrl: checkBaseUrl('baseUrl', input.baseUrl, { allowPrivateNetwork }),
    allowPrivateNetwork,
    connectTimeoutMs: checkConnectTimeout(input.connectTimeoutMs ?? defaultConnectTimeoutMs),
    idleTimeoutMs: checkIdleTimeout(input.idleTimeoutMs ?? defaultIdleTimeoutMs),
    whenCallerLeaves: input.whenCallerLeaves ?? 'drain_capped',
  }
  const work = transactionOf(context, actor, async (em) => {
    const { organizationId } = actor
    const createdAt = new Date(context.now())
    const id = newId('prov')
    const provider = em.create(ProviderEntity, { id, organizationId, ...fields, active: true, createdAt })
    // The ORM knows no order between the two: the provider has to be there before its models.
    await em.flush()
    const catalogue = input.catalogue ?? null
    const models = catalogue === null ? [] : seedModels(em, provider, catalogue, createdAt)
    const details = { ...describe(provider), catalogue, models: models.length }
    await recordChange(
      context,
      em,
      actor,
      { type: 'provider.created', subject: { kind: 'provider', id }, details },
      { upserts: [providerSnapshot(provider), ...models] },
    )
    const modelIds = models.map((model) => model.id)
    await keepPrices(em, actor, modelIds, createdAt)
    return provider
  })
  return refuseViolations(nameTaken(fields.name), work)
}

/** @throws NotFound, NameTaken */
export function updateProvider(
  context: ServiceContext,
  actor: Actor,
  input: UpdateProvider,
): Promise<Provider> {
  actor.require('providers:update', { ...organizationWide, id: input.id })
  const work = transactionOf(context, actor, async (em) => {
    const provider = await lockRow(em, ProviderEntity, 'provider', input.id, input)
    const before = describe(provider)
    applyUpdate(provider, input)
    const isRenamed = before.name !== provider.name
    const users = isRenamed
      ? await followRenamedProvider(em, actor.organizationId, before.name, provider.name)
      : []
    await recordChange(
      context,
      em,
      actor,
      {
        type: 'provider.updated',
        subject: { kind: 'provider', id: provider.id },
        details: { before, after: describe(provider) },
      },
      { upserts: [providerSnapshot(provider), ...users] },
    )
    return provider
  })
  return refuseViolations(nameTaken(input.name ?? ''), work)
}

function applyUpdate(provider: Provider, input: UpdateProvider): void {
  const allowPrivateNetwork = input.allowPrivateNetwork ?? provider.allowPrivateNetwork
  provider.name = checkProviderName('name', input.name ?? provider.name)
  provider.baseUrl = checkBaseUrl('baseUrl', input.baseUrl ?? provider.baseUrl, { allowPrivateNetwork })
  provider.allowPrivateNetwork = allowPrivateNetwork
  provider.active = input.active ?? provider.active
  provider.connectTimeoutMs = checkConnectTimeout(input.connectTimeoutMs ?? provider.connectTimeoutMs)
  provider.idleTimeoutMs = checkIdleTimeout(input.idleTimeoutMs ?? provider.idleTimeoutMs)
  provider.whenCallerLeaves = input.whenCallerLeaves ?? provider.whenCallerLeaves
}

/**
 * Deletes a provider with its keys and models.
 *
 * @throws NotFound; InUse while a virtual key's provider configuration names it.
 */
export function deleteProvider(context: ServiceContext, actor: Actor, id: string): Promise<{ id: string }> {
  actor.require('providers:delete', { ...organizationWide, id })
  const work = transactionOf(context, actor, async (em) => {
    // Locked first: a key or model that is being added waits, so that none outlives its provider.
    const provider = await lockRow(em, ProviderEntity, 'provider', id)
    const keys = await em.find(ProviderKeyEntity, { providerId: id })
    const models = await listModelKeys(em, id)
    em.remove(provider)
    await recordChange(
      context,
      em,
      actor,
      { type: 'provider.deleted', subject: { kind: 'provider', id }, details: describe(provider) },
      {
        upserts: [],
        removals: [
          ...models,
          ...keys.map((key) => keyOf(providerKeySnapshot(key))),
          keyOf(providerSnapshot(provider)),
        ],
      },
    )
    return { id }
  })
  return refuseViolations(
    { referenced: () => new InUse('provider', 'virtual keys or access profiles that name it') },
    work,
  )
}

/** Providers belong to the organization, not to a workspace. */
export const organizationWide = { workspaceId: null }

function checkConnectTimeout(value: number): number {
  return checkInteger('connectTimeoutMs', value, { minimum: 1, maximum: longestConnectTimeoutMs })
}

function checkIdleTimeout(value: number): number {
  return checkInteger('idleTimeoutMs', value, { minimum: 1, maximum: longestIdleTimeoutMs })
}

const nameTaken = (name: string) => ({
  unique: { providers_name_key: () => new NameTaken('provider', name) },
})

function describe(provider: Provider) {
  const { name, baseUrl, allowPrivateNetwork, active } = provider
  const { connectTimeoutMs, idleTimeoutMs, whenCallerLeaves } = provider
  return { name, baseUrl, allowPrivateNetwork, active, connectTimeoutMs, idleTimeoutMs, whenCallerLeaves }
}
