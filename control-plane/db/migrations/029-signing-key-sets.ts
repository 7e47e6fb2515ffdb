import type { SchemaMigration } from '../migration.ts'
import { quoteIdentifier } from '../tenant-table.ts'

/** Which signing keys took the place of the first one, and which of them each data plane believes. */
export const signingKeySets: SchemaMigration = {
  name: '029-signing-key-sets',
  statements: (applicationRole) => [
    `create table signing_key_sets (
      version integer primary key check (version > 0),
      statement text not null,
      created_at timestamptz not null default now())`,
    `grant select, insert on signing_key_sets to ${quoteIdentifier(applicationRole)}`,
    // A retired key's private half is destroyed.
    `grant delete on installation_secrets to ${quoteIdentifier(applicationRole)}`,
    // Null: the key of its enrolment, before there was another.
    'alter table data_planes add column trusted_keys jsonb',
  ],
}
