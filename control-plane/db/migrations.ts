import type { SchemaMigration } from './migration.ts'
import { tenants } from './migrations/001-tenants.ts'
import { distribution } from './migrations/002-distribution.ts'
import { governance } from './migrations/003-governance.ts'

/** The schema's history, oldest first. */
export const migrations: readonly SchemaMigration[] = [tenants, distribution, governance]
