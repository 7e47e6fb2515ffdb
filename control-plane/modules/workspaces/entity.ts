import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'

export const WorkspaceEntity = defineEntity({
  name: 'Workspace',
  tableName: 'workspaces',
  properties: {
    ...tenantColumns,
    name: p.string(),
    createdAt: p.datetime(),
  },
})

export type Workspace = InferEntity<typeof WorkspaceEntity>
