import type { CredentialKind } from '../../../contract/credential-kinds.ts'

/** The organization of such a row accepts these credentials, as each does that has said nothing. */
const accepts = (kind: CredentialKind, row: 'token' | 'person') => `coalesce((
    select settings.accepted_credentials @> '["${kind}"]' from client_configurations settings
    where settings.org_id = ${row}.org_id), true)`

const byIdentity = (condition: string) => `exists (
    select from user_identities identity join identity_providers provider
      on provider.org_id = identity.org_id and provider.id = identity.provider_id
    where identity.org_id = person.org_id and identity.user_id = person.id and identity.decommissioned_at is null
      and ${condition})`

/** Of rows `token` of api_tokens. One of recover-admin is always accepted. */
export const isTokenAccepted = `(token.for_recovery or ${accepts('API_TOKEN', 'token')})`

/** Of users by the columns `org_id` and `id` of rows `person`: an identity provider lets them in. */
export const canSignIn = byIdentity(`provider.enabled and ${accepts('SESSION', 'person')}`)

/** The same rows: the tokens of a JWT provider speak for them. */
export const canSendJwt = byIdentity(`${accepts('JWT', 'person')} and exists (
    select from jwt_providers issuer
    where issuer.org_id = provider.org_id and issuer.identity_provider_id = provider.id
      and issuer.enabled and issuer.opens_control_plane)`)

/** The same rows: they have a local password, which is accepted whatever the organization says. */
export const hasBreakGlass = `exists (
    select from break_glass_accounts account
    where account.org_id = person.org_id and account.user_id = person.id and account.enrolled_at is not null)`
