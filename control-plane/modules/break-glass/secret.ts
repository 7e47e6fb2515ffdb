import type { SealedPlace } from '../../secrets/envelope.ts'
import type { BreakGlassAccount } from './entity.ts'

/** Where the secret of an authenticator is sealed for. */
export function totpSecretPlace({
  organizationId,
  id,
}: Pick<BreakGlassAccount, 'organizationId' | 'id'>): SealedPlace {
  return { organizationId, entity: 'break_glass_accounts', field: 'sealed_totp_secret', id }
}
