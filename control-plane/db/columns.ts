import { p } from '@mikro-orm/core'

/** What every row of an organization has. */
export const tenantColumns = {
  id: p.string().primary(),
  organizationId: p.string().fieldName('org_id'),
}

/** Raised by the ORM with each change of the row. */
export const versionColumn = { version: p.integer().version() }
