import type { SchemaMigration } from '../migration.ts'
import { tenantTable, unwalled } from '../tenant-table.ts'

/** What no data plane is told. A revision tells of it by its rows, so that these are kept from before and after. */
const toldByRows = ['workspaces', 'roles', 'access_profiles', 'profile_provider_configs']

const rememberRow = `create or replace function remember_row() returns trigger language plpgsql as $$ declare
    before jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
    after jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) end;
    present jsonb := coalesce(before, after);
  begin
    insert into row_images (org_id, table_name, row_id, image, present)
    values (coalesce(present->>'org_id', present->>'id'), tg_table_name, present->>'id',
      before - '{sealed_secret,credential_id}'::text[],
      case when tg_nargs > 0 then after end);
    return null;
  end $$`

const modelPrices = `create table model_prices (
  id text primary key,
  org_id text not null references organizations (id),
  model_id text not null,
  input_price bigint,
  cached_input_price bigint,
  output_price bigint,
  image_price bigint,
  valid_from timestamptz not null,
  actor_kind text not null,
  actor_id text not null,
  actor_name text not null
)`

/** What is known of the prices of the models that there are: those of today, since the model was made. */
const presentPrices = `insert into model_prices
  select 'mp_' || substr(id, 5), org_id, id, input_price, cached_input_price, output_price, image_price, created_at,
    'system', 'gatehouse', 'Gatehouse'
  from models where input_price is not null`

/**
 * Workspaces, roles and access profiles as parts of the configuration that revisions tell of; what a model has cost;
 * the key that a role brings along.
 */
export const wholeConfiguration: SchemaMigration = {
  name: '019-whole-configuration',
  statements: (applicationRole) => [
    'alter table row_images add column present jsonb',
    rememberRow,
    ...toldByRows.map(
      (table) => `create trigger remember after insert or update or delete on ${table}
        for each row execute function remember_row('told')`,
    ),
    modelPrices,
    ...unwalled(['models'], [presentPrices]),
    // History that nobody rewrites, and that a model which comes back by a roll-back finds again.
    ...tenantTable('model_prices', { applicationRole, appendOnly: true }),
    'create index on model_prices (org_id, model_id, id)',
    `alter table roles add column access_profile_id text,
       add foreign key (org_id, access_profile_id) references access_profiles (org_id, id)`,
    'create index on roles (org_id, access_profile_id)',
    `alter table role_assignments add column virtual_key_id text,
       add foreign key (org_id, virtual_key_id) references virtual_keys (org_id, id)
         on delete set null (virtual_key_id)`,
    'create index on role_assignments (org_id, virtual_key_id)',
  ],
}
