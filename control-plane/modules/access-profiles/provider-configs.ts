import type { EntityManager } from '@mikro-orm/postgresql'
import { newId } from '../../db/id.ts'
import { checkProviderConfigs, columnsOf, type ProviderConfigInput } from '../virtual-keys/index.ts'
import { type AccessProfile, type ProfileProviderConfig, ProfileProviderConfigEntity } from './entity.ts'

/** What a profile says of each provider, in the order of the provider configurations. */
export function listProfileConfigs(
  em: EntityManager,
  accessProfileId: string,
): Promise<ProfileProviderConfig[]> {
  return em.find(ProfileProviderConfigEntity, { accessProfileId }, { orderBy: { id: 'asc' } })
}

/** @throws BadUserInput, NotFound */
export async function replaceProfileConfigs(
  em: EntityManager,
  { id, organizationId }: Pick<AccessProfile, 'id' | 'organizationId'>,
  inputs: readonly ProviderConfigInput[],
): Promise<void> {
  await checkProviderConfigs(em, inputs)
  await em.nativeDelete(ProfileProviderConfigEntity, { accessProfileId: id })
  for (const input of inputs) {
    em.create(ProfileProviderConfigEntity, {
      ...columnsOf(input),
      id: newId('ppc'),
      organizationId,
      accessProfileId: id,
      providerId: input.providerId,
    })
  }
  await em.flush()
}
