import type { EntityManager } from '@mikro-orm/postgresql'
import { everybody } from '../../sessions/session-epochs.ts'
import type { MfaEvidence, ProviderKind } from '../../sign-in/provider-kinds.ts'
import { providerKinds } from '../../sign-in/provider-kinds.ts'
import type { MfaRule } from './entity.ts'

/** What decides whether a session counts, and what it is worth. */
export interface SessionTerms {
  readonly rules: readonly MfaRule[]
  /** What counts as MFA at the session's provider; null: the provider is gone. */
  readonly mfaEvidence: MfaEvidence | null
  /** Since when sessions of the user count, in milliseconds. */
  readonly notBefore: number
}

interface Row {
  readonly rules: MfaRule[] | null
  readonly kind: ProviderKind | null
  readonly mfaEvidence: MfaEvidence | null
  readonly notBefore: string | Date | null
}

/** In one statement, for every request of a browser needs it. */
export async function readSessionTerms(
  em: EntityManager,
  {
    organizationId,
    userId,
    providerId,
  }: Readonly<Record<'organizationId' | 'userId' | 'providerId', string>>,
): Promise<SessionTerms> {
  const [row] = await em.execute<Row[]>(
    `select (select rules from mfa_policies where org_id = ?) as rules,
       (select max(not_before) from session_epochs where org_id = ? and user_id in (?, ?)) as "notBefore",
       provider.kind, provider.mfa_evidence as "mfaEvidence"
     from (values (1)) always left join identity_providers provider on provider.org_id = ? and provider.id = ?`,
    [organizationId, organizationId, everybody, userId, organizationId, providerId],
  )
  const { rules = null, kind = null, mfaEvidence = null, notBefore = null } = row ?? {}
  return {
    rules: rules ?? [],
    mfaEvidence: kind && (mfaEvidence ?? providerKinds[kind].mfa),
    notBefore: notBefore === null ? 0 : new Date(notBefore).getTime(),
  }
}

export async function readMfaRules(em: EntityManager, organizationId: string): Promise<readonly MfaRule[]> {
  const [row] = await em.execute<{ rules: MfaRule[] }[]>('select rules from mfa_policies where org_id = ?', [
    organizationId,
  ])
  return row?.rules ?? []
}
