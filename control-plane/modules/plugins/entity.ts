import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { Json } from '../../../contract/canonical.ts'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

export const PluginEntity = defineEntity({
  name: 'Plugin',
  tableName: 'plugins',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    name: p.string(),
    enabled: p.boolean(),
    positionSide: p.string().$type<'before' | 'after'>().strictNullable(),
    positionOf: p.string().strictNullable(),
    sortOrder: p.integer(),
    config: p.json<Record<string, Json>>(),
  },
})

export type Plugin = InferEntity<typeof PluginEntity>
