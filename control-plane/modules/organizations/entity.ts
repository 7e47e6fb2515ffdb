import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { versionColumn } from '../../db/columns.ts'

export const OrganizationEntity = defineEntity({
  name: 'Organization',
  tableName: 'organizations',
  properties: { id: p.string().primary(), ...versionColumn, name: p.string(), createdAt: p.datetime() },
})

export type Organization = InferEntity<typeof OrganizationEntity>
