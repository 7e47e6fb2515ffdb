import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { EntityKey } from '../../../contract/configuration/entities.ts'
import { newId } from '../../db/id.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { checkAllowList } from '../../input.ts'
import { deleteOwnedPolicies } from '../../owned-policies.ts'
import { ProviderEntity, ProviderKeyEntity } from '../providers/index.ts'
import type { VirtualKey } from './entity.ts'
import { type ProviderConfig, ProviderConfigEntity } from './provider-config-entity.ts'

export interface ProviderConfigInput {
  readonly providerId: string
  readonly weight?: number | null | undefined
  readonly allowedModels: readonly string[]
  readonly providerKeyIds: readonly string[]
}

const maximumConfigs = 50

/**
 * Makes these the provider configurations of a key. The configuration of a provider that stays keeps its id, and
 * with it its budget.
 *
 * @returns the configurations, and what data planes have to drop.
 * @throws BadUserInput, NotFound
 */
export async function replaceProviderConfigs(
  em: EntityManager,
  key: VirtualKey,
  inputs: readonly ProviderConfigInput[],
): Promise<{ configs: ProviderConfig[]; removals: EntityKey[] }> {
  checkShape(inputs)
  for (const [index, input] of inputs.entries()) await checkReferences(em, input, index)
  const existing = await em.find(ProviderConfigEntity, { virtualKeyId: key.id })
  const gone = existing.filter(({ providerId }) => !inputs.some((input) => input.providerId === providerId))
  const removals = await deleteOwnedPolicies(
    em,
    key.organizationId,
    gone.map(({ id }) => ({ kind: 'provider_config', id })),
  )
  for (const config of gone) em.remove(config)
  const configs = inputs.map((input) => {
    const present = existing.find(({ providerId }) => providerId === input.providerId)
    return present
      ? em.assign(present, columnsOf(input))
      : em.create(ProviderConfigEntity, newRow(key, input))
  })
  return { configs, removals }
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

function columnsOf({ weight = null, allowedModels, providerKeyIds }: ProviderConfigInput) {
  return { weight, allowedModels: [...allowedModels], providerKeyIds: [...providerKeyIds] }
}

function checkShape(inputs: readonly ProviderConfigInput[]): void {
  if (inputs.length > maximumConfigs) {
    throw new BadUserInput(
      'providerConfigs',
      `must have at most ${maximumConfigs} entries, not ${inputs.length}`,
    )
  }
  for (const [index, { providerId, weight, allowedModels, providerKeyIds }] of inputs.entries()) {
    const field = `providerConfigs[${index}]`
    if (inputs.findIndex((other) => other.providerId === providerId) !== index) {
      throw new BadUserInput(`${field}.providerId`, `names the provider "${providerId}" twice`)
    }
    if (weight != null && !(weight > 0 && weight <= 1_000_000)) {
      throw new BadUserInput(`${field}.weight`, 'must be above 0 and at most 1000000, or null')
    }
    checkAllowList(`${field}.allowedModels`, allowedModels)
    checkAllowList(`${field}.providerKeyIds`, providerKeyIds)
  }
}

async function checkReferences(em: EntityManager, input: ProviderConfigInput, index: number): Promise<void> {
  const { providerId, providerKeyIds } = input
  if (!(await em.count(ProviderEntity, { id: providerId }))) throw new NotFound('provider', providerId)
  if (providerKeyIds[0] === '*') return
  // Shared locks, so that none of these keys is removed before the transaction ends.
  const known = await em.find(
    ProviderKeyEntity,
    { providerId, id: { $in: [...providerKeyIds] } },
    { lockMode: LockMode.PESSIMISTIC_READ },
  )
  const unknown = providerKeyIds.find((id) => !known.some((key) => key.id === id))
  if (unknown === undefined) return
  throw new BadUserInput(
    `providerConfigs[${index}].providerKeyIds`,
    `"${unknown}" is no key of this provider: name its keys, or ["*"] for all of them`,
  )
}
