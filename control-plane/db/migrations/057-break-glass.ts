import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

const tables = ['break_glass_accounts', 'break_glass_failures']
const kinds = ['okta', 'entra', 'keycloak', 'zitadel', 'google_workspace', 'oidc', 'oauth2']

/** Local passwords for the day on which no identity provider answers; and providers of OAuth 2.0 without OpenID Connect. */
export const breakGlass: SchemaMigration = {
  name: '057-break-glass',
  statements: (applicationRole) => [
    `create table break_glass_accounts (
       id text primary key,
       org_id text not null references organizations (id),
       user_id text not null,
       enrolment_digest text,
       enrolment_expires_at timestamptz,
       password_hash text,
       sealed_totp_secret text,
       enrolled_at timestamptz,
       last_totp_step bigint,
       created_at timestamptz not null,
       last_used_at timestamptz,
       unique (org_id, user_id),
       foreign key (org_id, user_id) references users (org_id, id) on delete cascade,
       constraint break_glass_accounts_enrolled check (
         enrolled_at is null or (password_hash is not null and sealed_totp_secret is not null)))`,
    `create table break_glass_failures (
       org_id text not null references organizations (id),
       subject text not null,
       address text not null,
       failures integer not null,
       last_failed_at timestamptz not null,
       primary key (org_id, subject, address))`,
    'create index on break_glass_failures (org_id, last_failed_at)',
    ...tables.flatMap((table) => tenantTable(table, { applicationRole })),
    'alter table identity_providers drop constraint identity_providers_kind_check',
    `alter table identity_providers
       add column endpoints jsonb,
       add constraint identity_providers_kind_check check (kind in (${kinds.map((kind) => `'${kind}'`).join(', ')})),
       add constraint identity_providers_endpoints check ((kind = 'oauth2') = (endpoints is not null))`,
  ],
}
