import { systemActor } from '../actor.ts'
import { recordAudit } from '../modules/audit/index.ts'
import type { IdentityProvider } from '../modules/identity-providers/index.ts'
import type { ServiceContext } from '../service-context.ts'
import type { SignInRefused } from '../sign-in/refused.ts'

/**
 * Somebody came back from a provider and was not let in. Of whom it is known who they are there, an administrator can link
 * them. [S0-01]
 */
export async function auditRefusedSignIn(
  { database, log, now }: ServiceContext,
  { organizationId, id, name }: IdentityProvider,
  { code, providerError, cause }: SignInRefused,
  subject: string | null,
): Promise<void> {
  log.warn({ providerId: id, code, providerError, err: cause }, 'a sign-in was refused')
  const entry = {
    type: 'user.sign_in_refused',
    subject: { kind: 'identity_provider', id },
    outcome: 'denied' as const,
    details: { name, code, ...(subject !== null && { subject }) },
  }
  await database.transaction(organizationId, (em) =>
    recordAudit(em, systemActor(organizationId), entry, new Date(now())),
  )
}
