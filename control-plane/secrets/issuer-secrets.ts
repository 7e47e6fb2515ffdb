import type { EntityManager } from '@mikro-orm/postgresql'
import { newId } from '../db/id.ts'
import type { SealedPlace } from './envelope.ts'
import type { Secrets } from './secrets.ts'

/*
 * The secrets that issuers of JWTs share with us. They stand beside the modules, for those that speak to data planes need them.
 */

/** Where a shared secret is sealed for; a new secret has a new id, so that every data plane knows which one it holds. */
function secretPlace(organizationId: string, secretId: string): SealedPlace {
  return { organizationId, entity: 'jwt_providers', field: 'sealed_secret', id: secretId }
}

/** The columns of a new secret. */
export function sealIssuerSecret(secrets: Secrets, organizationId: string, secret: string) {
  const secretId = newId('cred')
  const sealedSecret = secrets.sealValue(secretPlace(organizationId, secretId), secret)
  return { secretId, sealedSecret, secretExposedAt: null }
}

/** @throws SealedValueRefused */
export function openIssuerSecret(
  secrets: Secrets,
  organizationId: string,
  { secretId, sealedSecret }: { readonly secretId: string | null; readonly sealedSecret: string | null },
): string | undefined {
  if (secretId === null || sealedSecret === null) return undefined
  return secrets.openValue(secretPlace(organizationId, secretId), sealedSecret)
}

/** Which shared secrets data planes verify with, without opening them. */
export async function listIssuerSecretIds(em: EntityManager, organizationId: string): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select secret_id as id from jwt_providers where org_id = ? and enabled and secret_id is not null
     order by secret_id`,
    [organizationId],
  )
  return rows.map(({ id }) => id)
}

/** These secrets in clear, by their ids, to be sealed to a data plane. */
export async function openIssuerSecrets(
  em: EntityManager,
  secrets: Secrets,
  organizationId: string,
): Promise<Record<string, string>> {
  const rows = await em.execute<{ id: string; sealed: string }[]>(
    `select secret_id as id, sealed_secret as sealed from jwt_providers
     where org_id = ? and enabled and secret_id is not null`,
    [organizationId],
  )
  return Object.fromEntries(
    rows.map(({ id, sealed }) => [id, secrets.openValue(secretPlace(organizationId, id), sealed)]),
  )
}

/** Notes that whoever knows the organization's shared secrets now is not to know them any more. */
export async function noteIssuerSecretExposure(
  em: EntityManager,
  organizationId: string,
  at: Date,
): Promise<void> {
  await em.execute(
    `update jwt_providers set secret_exposed_at = ?
     where org_id = ? and secret_id is not null and secret_exposed_at is null`,
    [at, organizationId],
  )
}
