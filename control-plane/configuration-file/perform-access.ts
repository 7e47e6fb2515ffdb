import type { FilePrices } from '../../contract/configuration-file/access.ts'
import { ModelEntity } from '../modules/models/entity.ts'
import { createModel, deleteModel, updateModel } from '../modules/models/service.ts'
import {
  addProviderKey,
  removeProviderKey,
  rotateProviderKey,
  updateProviderKey,
} from '../modules/providers/key-service.ts'
import { createProvider, deleteProvider, updateProvider } from '../modules/providers/service.ts'
import { deleteVirtualKey } from '../modules/virtual-keys/deletion.ts'
import type { ContentLogging } from '../modules/virtual-keys/entity.ts'
import { ProviderConfigEntity } from '../modules/virtual-keys/provider-config-entity.ts'
import { importVirtualKey, issueVirtualKey, updateVirtualKey } from '../modules/virtual-keys/service.ts'
import type { ItemName, WantedItem } from './items.ts'
import type { NamedIds } from './names.ts'
import type { Changed, Performance, Performer } from './perform.ts'
import { nanoUsdOfUsd } from './usd.ts'

interface ProviderFields {
  readonly baseUrl?: string
  readonly allowPrivateNetwork?: boolean
  readonly active?: boolean
  readonly connectTimeoutMs?: number
  readonly idleTimeoutMs?: number
}

const provider: Performer = {
  async create({ context, actor }, { name: [name = ''], fields, catalogue }) {
    const { baseUrl = '', active, ...settings } = fields as ProviderFields
    const { id } = await createProvider(context, actor, { name, baseUrl, catalogue, ...settings })
    if (active === false) await updateProvider(context, actor, { id, active })
    return id
  },
  update: ({ context, actor }, { id }, _item, changed) =>
    updateProvider(context, actor, { id, ...(changed as ProviderFields) }),
  delete: ({ context, actor }, { id }) => deleteProvider(context, actor, id),
}

interface ProviderKeyFields {
  readonly weight?: number
  readonly active?: boolean
}

const provider_key: Performer = {
  async create(performance, item) {
    const { context, actor, ids } = performance
    const [providerName = '', name = ''] = item.name
    const { weight, active } = item.fields as ProviderKeyFields
    const providerId = ids.of('provider', [providerName])
    const secret = secretOf(performance, item) ?? ''
    const { id } = await addProviderKey(context, actor, { providerId, name, secret, weight })
    if (active === false) await updateProviderKey(context, actor, { id, active })
    return id
  },
  async update(performance, { id }, item, { secret: isNewSecret, ...changed }) {
    const { context, actor } = performance
    const secret = isNewSecret === undefined ? undefined : secretOf(performance, item)
    if (secret !== undefined) await rotateProviderKey(context, actor, { id, secret })
    if (Object.keys(changed).length > 0) {
      await updateProviderKey(context, actor, { id, ...(changed as ProviderKeyFields) })
    }
  },
  delete: ({ context, actor }, { id }) => removeProviderKey(context, actor, id),
}

interface ModelFields {
  readonly upstreamName?: string
  readonly maxOutputTokens?: number | null
  readonly prices?: FilePrices | null
}

const model: Performer = {
  async create({ context, actor, em, ids }, { name: [providerName = '', name = ''], fields }) {
    const providerId = ids.of('provider', [providerName])
    const input = modelInput(fields)
    // A new provider may have brought it along from its catalogue.
    const present = await em.fork({ keepTransactionContext: true }).findOne(ModelEntity, { providerId, name })
    if (present) return (await updateModel(context, actor, { id: present.id, ...input })).id
    return (await createModel(context, actor, { providerId, name, ...input })).id
  },
  update: ({ context, actor }, { id }, _item, changed) =>
    updateModel(context, actor, { id, ...modelInput(changed) }),
  delete: ({ context, actor }, { id }) => deleteModel(context, actor, id),
}

function modelInput(fields: Changed) {
  const { prices, ...rest } = fields as ModelFields
  if (prices === undefined) return rest
  if (prices === null) return { ...rest, prices: null }
  const { inputUsdPerMillionTokens, cachedInputUsdPerMillionTokens = inputUsdPerMillionTokens } = prices
  return {
    ...rest,
    prices: {
      inputNanoUsdPerMillionTokens: nanoUsdOfUsd(inputUsdPerMillionTokens),
      cachedInputNanoUsdPerMillionTokens: nanoUsdOfUsd(cachedInputUsdPerMillionTokens),
      outputNanoUsdPerMillionTokens: nanoUsdOfUsd(prices.outputUsdPerMillionTokens),
      imageNanoUsd: nanoUsdOfUsd(prices.imageUsd ?? 0),
    },
  }
}

interface KeyFields {
  readonly owner?: Readonly<Record<string, string>>
  readonly description?: string
  readonly tags?: readonly string[]
  readonly active?: boolean
  readonly expiresAt?: string | null
  readonly deleteAfterExpiry?: boolean
  readonly contentLogging?: string
  readonly allowAllProviders?: boolean
  readonly providers?: readonly KeyProvider[]
}

interface KeyProvider {
  readonly provider: string
  readonly weight: number | null
  readonly models: readonly string[]
  readonly blockedModels: readonly string[]
  readonly keys: readonly string[]
  readonly active: boolean
}

const virtual_key: Performer = {
  async create(performance, item) {
    const { context, actor, ids } = performance
    const [workspace = '', name = ''] = item.name
    const { owner = {}, active, providers = [] } = item.fields as KeyFields
    const input = {
      workspaceId: ids.workspace(workspace),
      name,
      owner: ownerIds(ids, workspace, owner),
      providerConfigs: providerConfigs(ids, providers),
      ...keyInput(item.fields),
    }
    const secret = secretOf(performance, item)
    const id = secret === undefined ? await issue(performance, item.name, input) : undefined
    const keyId = id ?? (await importVirtualKey(context, actor, { ...input, secret: secret ?? '' })).id
    if (active === false) await updateVirtualKey(context, actor, { id: keyId, active })
    await nameProviderConfigs(performance, item.name, keyId)
    return keyId
  },
  async update(performance, { id, name }, _item, changed) {
    const { context, actor, ids } = performance
    const { active, providers } = changed as KeyFields
    await updateVirtualKey(context, actor, {
      id,
      ...keyInput(changed),
      ...(active !== undefined && { active }),
      ...(providers && { providerConfigs: providerConfigs(ids, providers) }),
    })
    await nameProviderConfigs(performance, name, id)
  },
  delete: ({ context, actor }, { id }) => deleteVirtualKey(context, actor, id),
}

async function issue(
  { context, actor, issued }: Performance,
  name: ItemName,
  input: Parameters<typeof issueVirtualKey>[2],
): Promise<string> {
  const { virtualKey, secret } = await issueVirtualKey(context, actor, input)
  issued.push({ virtualKeyId: virtualKey.id, name, secret })
  return virtualKey.id
}

function keyInput(fields: Changed) {
  const { description, tags, expiresAt, deleteAfterExpiry, contentLogging, allowAllProviders } =
    fields as KeyFields
  return {
    description,
    tags,
    deleteAfterExpiry,
    allowAllProviders,
    ...(expiresAt !== undefined && { expiresAt: expiresAt === null ? null : new Date(expiresAt) }),
    ...(contentLogging && { contentLogging: contentLogging.toLowerCase() as ContentLogging }),
  }
}

function ownerIds(ids: NamedIds, workspace: string, owner: NonNullable<KeyFields['owner']>) {
  const { customer, team, user } = owner
  if (customer !== undefined) return { customerId: ids.of('customer', [workspace, customer]) }
  if (team !== undefined) return { teamId: ids.of('team', [workspace, team]) }
  return { userId: ids.of('user', [user ?? '']) }
}

function providerConfigs(ids: NamedIds, providers: readonly KeyProvider[]) {
  return providers.map(({ provider: name, weight, active, models, blockedModels, keys }) => ({
    providerId: ids.of('provider', [name]),
    weight,
    active,
    allowedModels: models,
    blockedModels,
    providerKeyIds: keys.map((key) => (key === '*' ? '*' : ids.of('provider_key', [name, key]))),
  }))
}

/** Budgets and limits of a key's providers are set by their ids. */
async function nameProviderConfigs({ em, ids }: Performance, name: ItemName, virtualKeyId: string) {
  const configs = await em.fork({ keepTransactionContext: true }).find(ProviderConfigEntity, { virtualKeyId })
  for (const { id, providerId } of configs) {
    const provider = ids.nameOf(providerId)
    if (provider) ids.add('provider_config', [...name, ...provider], id)
  }
}

function secretOf({ secrets }: Performance, { secretName }: WantedItem): string | undefined {
  return secretName === undefined ? undefined : secrets.get(secretName)
}

export const performAccess = { provider, provider_key, model, virtual_key }
