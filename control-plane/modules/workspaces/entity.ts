import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

export const WorkspaceEntity = defineEntity({
  name: 'Workspace',
  tableName: 'workspaces',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    name: p.string(),
    createdAt: p.datetime(),
  },
})

export type Workspace = InferEntity<typeof WorkspaceEntity>
