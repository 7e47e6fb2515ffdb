import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

/** What a client configuration had before anybody could say otherwise. */
const additions = {
  required_headers: { type: 'jsonb', value: '[]' },
  ip_allowlist: { type: 'jsonb', value: '[]' },
  trusted_proxies: { type: 'jsonb', value: '[]' },
  require_approval_for_header_changes: { type: 'boolean', value: 'true' },
}

const earlierImage = Object.entries(additions)
  .map(([name, { type, value }]) => `'${name}', '${value}'::${type}`)
  .join(', ')

const changeColumns = `
  id text primary key,
  org_id text not null references organizations (id),
  configuration_version integer not null,
  before jsonb not null,
  after jsonb not null,
  widens jsonb not null,
  state text not null check (state in ('pending', 'approved', 'rejected', 'stale')),
  requester jsonb not null,
  requester_person_id text not null,
  decider jsonb,
  requested_at timestamptz not null,
  expires_at timestamptz not null,
  decided_at timestamptz,
  unique (org_id, id)`

/** Where calls come from and what they carry; and what two people decide. */
export const clientRules: SchemaMigration = {
  name: '016-client-rules',
  statements: (applicationRole) => [
    ...Object.entries(additions).map(
      ([name, { type, value }]) =>
        `alter table client_configurations add column ${name} ${type} not null default '${value}'`,
    ),
    ...Object.keys(additions).map(
      (name) => `alter table client_configurations alter column ${name} drop default`,
    ),
    // A roll-back writes the columns that a row had: without these it would leave the later ones as they are.
    'alter table row_images no force row level security',
    `update row_images set image = image || jsonb_build_object(${earlierImage})
       where table_name = 'client_configurations' and image is not null`,
    'alter table row_images force row level security',
    `create table client_configuration_changes (${changeColumns})`,
    ...tenantTable('client_configuration_changes', { applicationRole }),
    `create index on client_configuration_changes (org_id) where state = 'pending'`,
    // Of a token that was issued before, nobody knows by whom: it is taken for a person of its own.
    'alter table api_tokens add column person_id text',
    'alter table api_tokens no force row level security',
    'update api_tokens set person_id = coalesce(user_id, id)',
    'alter table api_tokens force row level security',
    'alter table api_tokens alter column person_id set not null',
  ],
}
