import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { EntityKey } from '../../../contract/configuration/entities.ts'
import { newId } from '../../db/id.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { checkAllowList } from '../../input.ts'
import { deleteOwnedPolicies } from '../../owned-policies.ts'
import { checkPatternedList } from '../../patterned-list.ts'
import { ProviderEntity, ProviderKeyEntity } from '../providers/index.ts'
import type { VirtualKey } from './entity.ts'
import { type ProviderConfig, ProviderConfigEntity } from './provider-config-entity.ts'

export interface ProviderConfigInput {
  readonly providerId: string
  readonly weight?: number | null | undefined
  /** True unless said. */
  readonly active?: boolean | null | undefined
  readonly allowedModels: readonly string[]
  /** None unless said. */
  readonly blockedModels?: readonly string[] | null | undefined
  readonly providerKeyIds: readonly string[]
}

const maximumConfigs = 50

/**
 * Makes these the provider configurations of a key. The configuration of a provider that stays keeps its id, and
 * with it its budgets.
 *
 * @returns what data planes have to drop.
 * @throws BadUserInput, NotFound
 */
export async function replaceProviderConfigs(
  em: EntityManager,
  key: VirtualKey,
  inputs: readonly ProviderConfigInput[],
): Promise<EntityKey[]> {
  await checkProviderConfigs(em, inputs)
  return assignProviderConfigs(em, key.organizationId, [key], inputs)
}

/** Like `replaceProviderConfigs`, for many keys of one organization, with inputs that are checked already. */
export async function assignProviderConfigs(
  em: EntityManager,
  organizationId: string,
  keys: readonly VirtualKey[],
  inputs: readonly ProviderConfigInput[],
): Promise<EntityKey[]> {
  const ids = keys.map(({ id }) => id)
  const existing = await em.find(ProviderConfigEntity, { virtualKeyId: { $in: ids } })
  const wanted = new Set(inputs.map(({ providerId }) => providerId))
  const gone = existing.filter(({ providerId }) => !wanted.has(providerId))
  const owners = gone.map(({ id }) => ({ kind: 'provider_config', id }) as const)
  const removals = await deleteOwnedPolicies(em, organizationId, owners)
  for (const config of gone) em.remove(config)
  const configOf = new Map(existing.map((config) => [`${config.virtualKeyId}/${config.providerId}`, config]))
  for (const key of keys) {
    for (const input of inputs) {
      const present = configOf.get(`${key.id}/${input.providerId}`)
      if (present) em.assign(present, columnsOf(input))
      else em.create(ProviderConfigEntity, newRow(key, input))
    }
  }
  return removals
}

function newRow(key: VirtualKey, input: ProviderConfigInput) {
  return {
    id: newId('pc'),
    organizationId: key.organizationId,
    workspaceId: key.workspaceId,
    virtualKeyId: key.id,
    providerId: input.providerId,
    ...columnsOf(input),
  }
}

export type ProviderConfigColumns = Pick<
  ProviderConfig,
  'weight' | 'active' | 'allowedModels' | 'blockedModels' | 'providerKeyIds'
>

export function columnsOf(input: ProviderConfigInput): ProviderConfigColumns {
  const { weight = null, active, allowedModels, blockedModels, providerKeyIds } = input
  return {
    weight,
    active: active ?? true,
    allowedModels: [...allowedModels],
    blockedModels: [...(blockedModels ?? [])],
    providerKeyIds: [...providerKeyIds],
  }
}

/** @throws BadUserInput, NotFound */
export async function checkProviderConfigs(
  em: EntityManager,
  inputs: readonly ProviderConfigInput[],
): Promise<void> {
  checkShape(inputs)
  for (const [index, input] of inputs.entries()) await checkReferences(em, input, index)
}

function checkShape(inputs: readonly ProviderConfigInput[]): void {
  if (inputs.length > maximumConfigs) {
    throw new BadUserInput(
      'providerConfigs',
      `must have at most ${maximumConfigs} entries, not ${inputs.length}`,
    )
  }
  for (const [index, input] of inputs.entries()) {
    const { providerId, weight, allowedModels, blockedModels, providerKeyIds } = input
    const field = `providerConfigs[${index}]`
    if (inputs.findIndex((other) => other.providerId === providerId) !== index) {
      throw new BadUserInput(`${field}.providerId`, `names the provider "${providerId}" twice`)
    }
    if (weight != null && !(weight > 0 && weight <= 1_000_000)) {
      throw new BadUserInput(`${field}.weight`, 'must be above 0 and at most 1000000, or null')
    }
    checkPatternedList(`${field}.allowedModels`, allowedModels)
    checkPatternedList(`${field}.blockedModels`, blockedModels ?? [])
    checkAllowList(`${field}.providerKeyIds`, providerKeyIds)
  }
}

async function checkReferences(em: EntityManager, input: ProviderConfigInput, index: number): Promise<void> {
  const { providerId, providerKeyIds } = input
  // The provider before its keys, as whoever deletes it locks them.
  const lockMode = LockMode.PESSIMISTIC_READ
  const provider = await em.findOne(ProviderEntity, { id: providerId }, { lockMode })
  if (provider === null) throw new NotFound('provider', providerId)
  if (providerKeyIds[0] === '*') return
  // Shared locks, so that none of these keys is removed before the transaction ends.
  const known = await em.find(
    ProviderKeyEntity,
    { providerId, id: { $in: [...providerKeyIds] } },
    { lockMode },
  )
  const unknown = providerKeyIds.find((id) => !known.some((key) => key.id === id))
  if (unknown === undefined) return
  throw new BadUserInput(
    `providerConfigs[${index}].providerKeyIds`,
    `"${unknown}" is no key of this provider: name its keys, or ["*"] for all of them`,
  )
}
