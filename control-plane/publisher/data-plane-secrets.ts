import type { EntityManager } from '@mikro-orm/postgresql'
import { listCredentialIds, openProviderSecrets } from '../modules/providers/index.ts'
import { listIssuerSecretIds, openIssuerSecrets } from '../secrets/issuer-secrets.ts'
import type { Secrets } from '../secrets/secrets.ts'

/** Which secrets data planes are to hold, without opening them. */
export async function listDataPlaneSecretIds(em: EntityManager, organizationId: string): Promise<string[]> {
  return [
    ...(await listCredentialIds(em, organizationId)),
    ...(await listIssuerSecretIds(em, organizationId)),
  ]
}

/** What data planes call providers with and verify tokens with, in clear, by id. */
export async function openDataPlaneSecrets(
  em: EntityManager,
  secrets: Secrets,
  organizationId: string,
): Promise<Record<string, string>> {
  return {
    ...(await openProviderSecrets(em, secrets, organizationId)),
    ...(await openIssuerSecrets(em, secrets, organizationId)),
  }
}
