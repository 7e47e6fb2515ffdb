import type { SchemaMigration } from '../migration.ts'
import { tenantTable, unwalled } from '../tenant-table.ts'

const tables = ['mfa_policies', 'session_epochs', 'test_sign_ins']

/**
 * What has to be proved before permissions are used, and what counts as proof; since when sessions count; sign-ins that try
 * a provider out.
 */
export const stepUp: SchemaMigration = {
  name: '053-step-up',
  statements: (applicationRole) => [
    `create table mfa_policies (
       id text primary key,
       org_id text not null unique references organizations (id),
       version integer not null default 1,
       rules jsonb not null,
       updated_at timestamptz not null)`,
    // Not a column of users: what a roll-back of the configuration brings back must not bring sessions back.
    `create table session_epochs (
       org_id text not null references organizations (id),
       user_id text not null,
       not_before timestamptz not null,
       primary key (org_id, user_id))`,
    `create table test_sign_ins (
       id text primary key,
       org_id text not null references organizations (id),
       provider_id text not null,
       person_id text not null,
       digest text not null,
       begun_at timestamptz,
       sealed_result text,
       expires_at timestamptz not null,
       foreign key (org_id, provider_id) references identity_providers (org_id, id) on delete cascade)`,
    'create index on test_sign_ins (org_id, expires_at)',
    ...tables.flatMap((table) => tenantTable(table, { applicationRole })),
    'alter table identity_providers add column mfa_evidence jsonb, add column keys_flushed_at timestamptz',
    'alter table api_tokens add column issued_with jsonb',
    // Whoever issues a token on the machine itself is asked for nothing else.
    ...unwalled(
      ['api_tokens'],
      [`update api_tokens set issued_with = '{"provesAll": true}' where person_id = id`],
    ),
  ],
}
