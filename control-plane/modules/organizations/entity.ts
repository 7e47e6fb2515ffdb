import { defineEntity, type InferEntity, p } from '@mikro-orm/core'

export const OrganizationEntity = defineEntity({
  name: 'Organization',
  tableName: 'organizations',
  properties: { id: p.string().primary(), name: p.string(), createdAt: p.datetime() },
})

export type Organization = InferEntity<typeof OrganizationEntity>
