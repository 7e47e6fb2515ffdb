import type { SchemaMigration } from '../migration.ts'

/** A refusal names the run that reads the directory because of it, and waits again where that one fails. */
export const directoryRefusalsKept: SchemaMigration = {
  name: '065-directory-refusals-kept',
  statements: () => [
    `alter table directory_refusals add column run_id text,
       add foreign key (org_id, run_id) references directory_sync_runs (org_id, id) on delete set null (run_id)`,
  ],
}
