import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

/** Issuers of tokens by which people call, beside Gatehouse itself. */
export const jwtProviders: SchemaMigration = {
  name: '059-jwt-providers',
  statements: (applicationRole) => [
    `create table jwt_providers (
       id text primary key,
       org_id text not null references organizations (id),
       version integer not null default 1,
       name text not null,
       issuer text not null,
       identity_provider_id text not null,
       audiences jsonb not null,
       algorithm text not null check (algorithm in ('RS256', 'PS256', 'ES256', 'EdDSA', 'HS256')),
       token_types jsonb,
       required_claims jsonb not null,
       subject_claim text not null,
       max_age_seconds integer not null,
       opens_control_plane boolean not null,
       enabled boolean not null,
       jwks_url text,
       trusted_networks jsonb not null,
       keys jsonb not null,
       keys_fetched_at timestamptz,
       keys_asked_at timestamptz,
       keys_problem text,
       secret_id text,
       sealed_secret text,
       secret_exposed_at timestamptz,
       created_at timestamptz not null,
       unique (org_id, id),
       constraint jwt_providers_name_key unique (org_id, name),
       constraint jwt_providers_issuer_key unique (org_id, issuer),
       constraint jwt_providers_key_source check (
         (algorithm = 'HS256') = (sealed_secret is not null) and (secret_id is null) = (sealed_secret is null)
         and (algorithm <> 'HS256' or (jwks_url is null and keys = '[]'))),
       foreign key (org_id, identity_provider_id) references identity_providers (org_id, id))`,
    'create index on jwt_providers (org_id, identity_provider_id)',
    ...tenantTable('jwt_providers', { applicationRole }),
  ],
}
