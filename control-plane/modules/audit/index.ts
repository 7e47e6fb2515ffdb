export { type AuditEvent, AuditEventEntity } from './entity.ts'
export { AuditActorType } from './graphql.ts'
export { type AuditEntry, appendAuditEvents, recordAudit } from './service.ts'
