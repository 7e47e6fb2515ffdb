import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

const states = ['pending', 'approved', 'rejected', 'withdrawn', 'expired', 'stale']

/** Changes of roles and identity providers that wait for a second person, and which organizations have them wait. */
export const accessChanges: SchemaMigration = {
  name: '060-access-changes',
  statements: (applicationRole) => [
    `create table access_approvals (
       org_id text primary key references organizations (id),
       since timestamptz not null)`,
    `create table access_changes (
       id text primary key,
       org_id text not null references organizations (id),
       mutation text not null,
       fields jsonb not null,
       effects jsonb not null,
       digest text not null,
       sealed_request text,
       state text not null check (state in (${states.map((state) => `'${state}'`).join(', ')})),
       reason text,
       requester jsonb not null,
       requester_person_id text not null,
       decider jsonb,
       requested_at timestamptz not null,
       expires_at timestamptz not null,
       decided_at timestamptz,
       unique (org_id, id),
       constraint access_changes_sealed_request check ((state = 'pending') = (sealed_request is not null)))`,
    ...['access_approvals', 'access_changes'].flatMap((table) => tenantTable(table, { applicationRole })),
    `create index on access_changes (org_id, expires_at) where state = 'pending'`,
  ],
}
