import type { EntityManager } from '@mikro-orm/postgresql'
import type { SealedPlace } from '../../secrets/envelope.ts'
import type { Secrets } from '../../secrets/secrets.ts'

/** Where a provider key's secret is sealed for; a new secret has a new credential id. */
export function providerSecretPlace(organizationId: string, credentialId: string): SealedPlace {
  return { organizationId, entity: 'provider_keys', field: 'sealed_secret', id: credentialId }
}

/** Which provider secrets the organization has, without opening them. */
export async function listCredentialIds(em: EntityManager, organizationId: string): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    'select credential_id as id from provider_keys where org_id = ? order by credential_id',
    [organizationId],
  )
  return rows.map(({ id }) => id)
}

/** Every provider secret of the organization in clear, by credential id, to be sealed to a data plane. */
export async function openProviderSecrets(
  em: EntityManager,
  secrets: Secrets,
  organizationId: string,
): Promise<Record<string, string>> {
  const rows = await em.execute<{ id: string; sealed: string }[]>(
    'select credential_id as id, sealed_secret as sealed from provider_keys where org_id = ?',
    [organizationId],
  )
  return Object.fromEntries(
    rows.map(({ id, sealed }) => [id, secrets.openValue(providerSecretPlace(organizationId, id), sealed)]),
  )
}

/** Notes that whoever knows the organization's provider secrets now is not to know them any more. */
export async function noteExposure(em: EntityManager, organizationId: string, at: Date): Promise<void> {
  await em.execute('update provider_keys set exposed_at = ? where org_id = ? and exposed_at is null', [
    at,
    organizationId,
  ])
}
