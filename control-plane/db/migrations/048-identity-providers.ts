import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

const tables = ['identity_providers', 'user_identities', 'sign_in_attempts', 'used_logout_tokens']

/** Where people sign in, who they are there, and the sign-ins that are under way. */
export const identityProviders: SchemaMigration = {
  name: '048-identity-providers',
  statements: (applicationRole) => [
    `create table identity_providers (
       id text primary key,
       org_id text not null references organizations (id),
       version integer not null default 1,
       name text not null,
       kind text not null check (kind in ('okta', 'entra', 'keycloak', 'zitadel', 'google_workspace', 'oidc')),
       issuer text not null,
       client_id text not null,
       sealed_client_secret text not null,
       scopes jsonb not null,
       hosted_domain text,
       trusted_networks jsonb not null,
       enabled boolean not null,
       verified_at timestamptz,
       creates_users boolean not null,
       role_resolution text not null check (role_resolution in ('highest_privilege', 'first_match')),
       role_rules jsonb not null,
       default_role_id text,
       team_rules jsonb not null,
       team_workspace_id text,
       created_at timestamptz not null,
       unique (org_id, id),
       constraint identity_providers_name_key unique (org_id, name),
       constraint identity_providers_verified check (verified_at is not null or not enabled),
       foreign key (org_id, default_role_id) references roles (org_id, id),
       foreign key (org_id, team_workspace_id) references workspaces (org_id, id))`,
    `create table user_identities (
       id text primary key,
       org_id text not null references organizations (id),
       user_id text not null,
       provider_id text not null,
       subject text not null,
       role_assignment_id text,
       created_at timestamptz not null,
       last_signed_in_at timestamptz not null,
       unique (org_id, id),
       constraint user_identities_subject_key unique (org_id, provider_id, subject),
       foreign key (org_id, user_id) references users (org_id, id) on delete cascade,
       foreign key (org_id, provider_id) references identity_providers (org_id, id))`,
    `create table sign_in_attempts (
       org_id text not null references organizations (id),
       digest text not null,
       provider_id text not null,
       sealed text not null,
       expires_at timestamptz not null,
       primary key (org_id, digest),
       foreign key (org_id, provider_id) references identity_providers (org_id, id) on delete cascade)`,
    `create table used_logout_tokens (
       org_id text not null references organizations (id),
       provider_id text not null,
       token_id text not null,
       expires_at timestamptz not null,
       primary key (org_id, provider_id, token_id),
       foreign key (org_id, provider_id) references identity_providers (org_id, id) on delete cascade)`,
    'create index on user_identities (org_id, user_id)',
    'create index on sign_in_attempts (org_id, expires_at)',
    'create index on used_logout_tokens (org_id, expires_at)',
    ...tables.flatMap((table) => tenantTable(table, { applicationRole })),
  ],
}
