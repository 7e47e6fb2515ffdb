import type { EntityManager } from '@mikro-orm/postgresql'
import { type CredentialKind, credentialKinds } from '../../../contract/credential-kinds.ts'
import { everybody } from '../../sessions/session-epochs.ts'
import type { MfaEvidence, ProviderKind } from '../../sign-in/provider-kinds.ts'
import { providerKinds } from '../../sign-in/provider-kinds.ts'
import type { MfaRule } from './entity.ts'

/** What decides whether a credential counts, and for what. */
export interface CredentialTerms {
  readonly rules: readonly MfaRule[]
  /** By what the organization lets people and programs in. */
  readonly acceptedCredentials: readonly CredentialKind[]
}

/** The same of one by which a user acts. */
export interface UserTerms extends CredentialTerms {
  /** What counts as MFA at the provider where they signed in; null: the provider is gone. */
  readonly mfaEvidence: MfaEvidence | null
  /** Since when sessions of the user count, in milliseconds. */
  readonly notBefore: number
}

interface Row {
  readonly rules: MfaRule[] | null
  readonly acceptedCredentials: CredentialKind[] | null
}

interface UserRow extends Row {
  readonly kind: ProviderKind | null
  readonly mfaEvidence: MfaEvidence | null
  readonly notBefore: string | Date | null
}

const ofOrganization = `(select rules from mfa_policies where org_id = ?) as rules,
  (select accepted_credentials from client_configurations where org_id = ?) as "acceptedCredentials"`

/** In one statement, for every request of a user needs it. */
export async function readUserTerms(
  em: EntityManager,
  {
    organizationId,
    userId,
    providerId,
  }: Readonly<Record<'organizationId' | 'userId' | 'providerId', string>>,
): Promise<UserTerms> {
  const organization = [organizationId, organizationId]
  const [row] = await em.execute<UserRow[]>(
    `select ${ofOrganization},
       (select max(not_before) from session_epochs where org_id = ? and user_id in (?, ?)) as "notBefore",
       provider.kind, provider.mfa_evidence as "mfaEvidence"
     from (values (1)) always left join identity_providers provider on provider.org_id = ? and provider.id = ?`,
    [...organization, organizationId, everybody, userId, organizationId, providerId],
  )
  const { kind = null, mfaEvidence = null, notBefore = null } = row ?? {}
  return {
    ...termsOf(row),
    mfaEvidence: kind && (mfaEvidence ?? providerKinds[kind].mfa),
    notBefore: notBefore === null ? 0 : new Date(notBefore).getTime(),
  }
}

/** In one statement, for every request with an API token needs it. */
export async function readCredentialTerms(
  em: EntityManager,
  organizationId: string,
): Promise<CredentialTerms> {
  const [row] = await em.execute<Row[]>(`select ${ofOrganization}`, [organizationId, organizationId])
  return termsOf(row)
}

/** What nobody has said anything of: no rule, and every kind. */
function termsOf(row: Row | undefined): CredentialTerms {
  return { rules: row?.rules ?? [], acceptedCredentials: row?.acceptedCredentials ?? credentialKinds }
}
