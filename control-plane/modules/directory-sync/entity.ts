import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'
import type { Step } from '../../directory/directory.ts'
import type { DirectoryFilter } from './filter.ts'

/** One reading of a provider's directory, and what was done about it. */
export const DirectorySyncRunEntity = defineEntity({
  name: 'DirectorySyncRun',
  tableName: 'directory_sync_runs',
  properties: {
    ...tenantColumns,
    providerId: p.string(),
    trigger: p.string().$type<DirectorySyncTrigger>(),
    state: p.string().$type<DirectorySyncState>(),
    /** Counts what would be done, and does nothing. */
    dryRun: p.boolean(),
    /** Of an import: whom. */
    importFilter: p.json<DirectoryFilter>().strictNullable(),
    /** So many may lose their access, role or teams although it is more than usual: somebody confirmed it. */
    allowedLeaving: p.integer().strictNullable(),
    /** What is still to be read; null before the first page. */
    todo: p.json<readonly Step[]>().strictNullable(),
    /** How many people the directory says that it has. */
    expected: p.integer().strictNullable(),
    pages: p.integer(),
    /** How often the directory was away. */
    attempts: p.integer(),
    seen: p.integer(),
    created: p.integer(),
    updated: p.integer(),
    decommissioned: p.integer(),
    skipped: p.integer(),
    errors: p.integer(),
    /** How many would lose their access, role or teams; null until it is known. */
    leaving: p.integer().strictNullable(),
    message: p.string().strictNullable(),
    /** Whose work it is at this time, and until when unless renewed. */
    lease: p.string().strictNullable(),
    leasedUntil: p.datetime().strictNullable(),
    createdAt: p.datetime(),
    startedAt: p.datetime().strictNullable(),
    finishedAt: p.datetime().strictNullable(),
  },
})

export type DirectorySyncRun = InferEntity<typeof DirectorySyncRunEntity>
export type DirectorySyncTrigger = 'schedule' | 'refusal' | 'request' | 'import'
export type DirectorySyncState = 'waiting' | 'reading' | 'applying' | 'succeeded' | 'guarded' | 'failed'

/** A run that nothing has been done of yet. */
export function waitingRun(
  fields: Pick<DirectorySyncRun, 'id' | 'organizationId' | 'providerId' | 'trigger' | 'createdAt'> &
    Partial<Pick<DirectorySyncRun, 'dryRun' | 'importFilter' | 'allowedLeaving'>>,
): DirectorySyncRun {
  return {
    ...{ dryRun: false, importFilter: null, allowedLeaving: null },
    ...fields,
    ...{ state: 'waiting', todo: null, expected: null, pages: 0, attempts: 0 },
    ...{ seen: 0, created: 0, updated: 0, decommissioned: 0, skipped: 0, errors: 0 },
    ...{ leaving: null, message: null, lease: null, leasedUntil: null, startedAt: null, finishedAt: null },
  }
}
