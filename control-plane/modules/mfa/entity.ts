import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { Requirement } from '../../assurance.ts'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

/** What has to be proved before what is used. */
export interface MfaRule extends Requirement {
  /** Permissions of the catalogue, `resource:operation`. */
  readonly permissions: readonly string[]
  /** The roles whose permissions are meant. */
  readonly roleIds: readonly string[]
  /** Whether API tokens need nothing for it. */
  readonly exemptsTokens: boolean
}

/** One row for each organization that has a rule. */
export const MfaPolicyEntity = defineEntity({
  name: 'MfaPolicy',
  tableName: 'mfa_policies',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    rules: p.json<MfaRule[]>(),
    updatedAt: p.datetime(),
  },
})

export type MfaPolicy = InferEntity<typeof MfaPolicyEntity>
