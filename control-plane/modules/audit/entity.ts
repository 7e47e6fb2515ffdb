import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { Json } from '../../../contract/canonical.ts'
import { tenantColumns } from '../../db/columns.ts'

export const AuditEventEntity = defineEntity({
  name: 'AuditEvent',
  tableName: 'audit_events',
  properties: {
    ...tenantColumns,
    workspaceId: p.string().strictNullable(),
    at: p.datetime(),
    type: p.string(),
    actorKind: p.string(),
    actorId: p.string(),
    actorName: p.string(),
    subjectKind: p.string(),
    subjectId: p.string(),
    outcome: p.string(),
    details: p.json<Record<string, Json>>(),
    /** Of an inference call, taken from its details. */
    requestId: p
      .string()
      .strictNullable()
      .generated(`(case when subject_kind = 'inference' then details->>'requestId' end) stored`),
  },
})

export type AuditEvent = InferEntity<typeof AuditEventEntity>
