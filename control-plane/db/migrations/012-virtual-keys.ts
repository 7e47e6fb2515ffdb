import type { SchemaMigration } from '../migration.ts'
import { tenantTable } from '../tenant-table.ts'

const accessProfiles = `create table access_profiles (
  id text primary key,
  org_id text not null references organizations (id),
  name text not null,
  description text not null,
  allow_all_providers boolean not null,
  content_logging text not null check (content_logging in ('inherit', 'on', 'off')),
  expires_in text,
  delete_after_expiry boolean not null,
  budgets jsonb not null,
  request_limits jsonb not null,
  version integer not null default 1,
  created_at timestamptz not null,
  unique (org_id, id),
  constraint access_profiles_name_key unique (org_id, name)
)`

/** Rows and not a document: a provider that a profile names cannot be deleted. */
const profileProviderConfigs = `create table profile_provider_configs (
  id text primary key,
  org_id text not null references organizations (id),
  access_profile_id text not null,
  provider_id text not null,
  weight double precision check (weight > 0),
  active boolean not null,
  allowed_models jsonb not null,
  blocked_models jsonb not null,
  provider_key_ids jsonb not null,
  constraint profile_provider_configs_provider_key unique (org_id, access_profile_id, provider_id),
  foreign key (org_id, access_profile_id) references access_profiles (org_id, id) on delete cascade,
  foreign key (org_id, provider_id) references providers (org_id, id)
)`

export const virtualKeys: SchemaMigration = {
  name: '012-virtual-keys',
  statements: (applicationRole) => [
    accessProfiles,
    ...tenantTable('access_profiles', { applicationRole }),
    profileProviderConfigs,
    ...tenantTable('profile_provider_configs', { applicationRole }),
    'create index on profile_provider_configs (org_id, provider_id)',
    `alter table virtual_keys
       add description text not null default '',
       add tags jsonb not null default '[]',
       add allow_all_providers boolean not null default false,
       add content_logging text not null default 'inherit' check (content_logging in ('inherit', 'on', 'off')),
       add delete_after_expiry boolean not null default false,
       add rotated_at timestamptz,
       add rotation text,
       add access_profile_id text,
       add foreign key (org_id, access_profile_id) references access_profiles (org_id, id)`,
    'create index on virtual_keys (org_id, access_profile_id)',
    'create index on virtual_keys (org_id, workspace_id)',
    'create index on virtual_keys (org_id, name, id)',
    'create index on virtual_keys (org_id, expires_at, id)',
    `alter table provider_configs
       add active boolean not null default true,
       add blocked_models jsonb not null default '[]'`,
    // An owner has one budget for each period, and one limit for each window.
    `alter table budgets
       drop constraint budgets_owner_key,
       add from_profile boolean not null default false,
       add constraint budgets_owner_period_key unique (org_id, owner_kind, owner_id, period)`,
    `alter table request_limits
       drop constraint request_limits_owner_key,
       add from_profile boolean not null default false,
       add constraint request_limits_owner_window_key unique (org_id, owner_kind, owner_id, window_seconds)`,
  ],
}
