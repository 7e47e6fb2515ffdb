import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

/** The secret that a rotated API token had before, while it still works, and when each secret was used last. */
export const apiTokenRotation: SchemaMigration = {
  name: '054-api-token-rotation',
  statements: (applicationRole) => [
    `alter table api_tokens
       add column rotated_at timestamptz,
       add column former_digest text,
       add column former_expires_at timestamptz,
       add column former_person_id text,
       add constraint api_tokens_former check (
         (former_digest is null) = (former_expires_at is null) and (former_digest is null) = (former_person_id is null))`,
    // A table of its own: each change of a token is announced to whoever follows something with it.
    `create table api_token_uses (
       org_id text not null references organizations (id),
       digest text not null,
       token_id text not null,
       last_used_at timestamptz not null,
       primary key (org_id, digest),
       foreign key (token_id) references api_tokens (id) on delete cascade)`,
    'create index on api_token_uses (token_id)',
    ...tenantTable('api_token_uses', { applicationRole }),
  ],
}
