import { followAccessProfile, leaveAccessProfile } from '../modules/access-profiles/followers.ts'
import { deleteVirtualKey } from '../modules/virtual-keys/deletion.ts'
import type { ContentLogging, KeyPriority } from '../modules/virtual-keys/entity.ts'
import { ProviderConfigEntity } from '../modules/virtual-keys/provider-config-entity.ts'
import { importVirtualKey, issueVirtualKey, updateVirtualKey } from '../modules/virtual-keys/service.ts'
import type { ItemName } from './items.ts'
import type { NamedIds } from './names.ts'
import type { Changed, Performance, Performer } from './perform.ts'
import { secretOf } from './perform-access.ts'
import { type FileProvider, providerConfigs } from './provider-configs.ts'

interface KeyFields {
  readonly owner?: Readonly<Record<string, string>>
  readonly description?: string
  readonly tags?: readonly string[]
  readonly priority?: string
  readonly active?: boolean
  readonly expiresAt?: string | null
  readonly deleteAfterExpiry?: boolean
  readonly requireFreshSeconds?: number | null
  readonly maxConcurrentCalls?: number | null
  readonly contentLogging?: string
  readonly allowAllProviders?: boolean
  readonly providers?: readonly FileProvider[]
  readonly accessProfile?: string | null
}

const virtual_key: Performer = {
  async create(performance, item) {
    const { context, actor, ids } = performance
    const [workspace = '', name = ''] = item.name
    const { owner = {}, active, providers = [], accessProfile } = item.fields as KeyFields
    const input = {
      workspaceId: ids.workspace(workspace),
      name,
      owner: ownerIds(ids, workspace, owner),
      providerConfigs: providerConfigs(ids, providers),
      ...keyInput(item.fields),
    }
    const secret = secretOf(performance, item)
    const keyId =
      secret === undefined
        ? await issue(performance, item.name, input)
        : (await importVirtualKey(context, actor, { ...input, secret })).id
    if (accessProfile != null) await follow(performance, keyId, accessProfile)
    if (active === false) await updateVirtualKey(context, actor, { id: keyId, active })
    await nameProviderConfigs(performance, item.name, keyId)
    return keyId
  },
  async update(performance, { id, name }, _item, changed) {
    const { context, actor, ids } = performance
    const { active, providers, accessProfile } = changed as KeyFields
    if (accessProfile === null) await leaveAccessProfile(context, actor, { virtualKeyId: id })
    await updateVirtualKey(context, actor, {
      id,
      ...keyInput(changed),
      ...(active !== undefined && { active }),
      ...(providers && { providerConfigs: providerConfigs(ids, providers) }),
    })
    if (accessProfile != null) await follow(performance, id, accessProfile)
    await nameProviderConfigs(performance, name, id)
  },
  delete: ({ context, actor }, { id }) => deleteVirtualKey(context, actor, id),
}

function follow({ context, actor, ids }: Performance, virtualKeyId: string, profile: string) {
  const accessProfileId = ids.of('access_profile', [profile])
  return followAccessProfile(context, actor, { virtualKeyId, accessProfileId })
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
  const { requireFreshSeconds, maxConcurrentCalls, priority } = fields as KeyFields
  return {
    description,
    tags,
    deleteAfterExpiry,
    allowAllProviders,
    requireFreshSeconds,
    maxConcurrentCalls,
    ...(expiresAt !== undefined && { expiresAt: expiresAt === null ? null : new Date(expiresAt) }),
    ...(priority && { priority: priority.toLowerCase() as KeyPriority }),
    ...(contentLogging && { contentLogging: contentLogging.toLowerCase() as ContentLogging }),
  }
}

function ownerIds(ids: NamedIds, workspace: string, owner: NonNullable<KeyFields['owner']>) {
  const { customer, team, user } = owner
  if (customer !== undefined) return { customerId: ids.of('customer', [workspace, customer]) }
  if (team !== undefined) return { teamId: ids.of('team', [workspace, team]) }
  return { userId: ids.of('user', [user ?? '']) }
}

/** Budgets and limits of a key's providers are set by their ids. */
export async function nameProviderConfigs(
  { em, ids }: Performance,
  name: ItemName,
  virtualKeyId: string,
): Promise<void> {
  const configs = await em.fork({ keepTransactionContext: true }).find(ProviderConfigEntity, { virtualKeyId })
  for (const { id, providerId } of configs) {
    const provider = ids.nameOf(providerId)
    if (provider) ids.add('provider_config', [...name, ...provider], id)
  }
}

export const performVirtualKeys = { virtual_key }
