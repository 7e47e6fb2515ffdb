export { type AuditEvent, AuditEventEntity } from './entity.ts'
export { AuditActorType } from './graphql.ts'
export { auditRefusal } from './refused.ts'
export { type AuditEntry, appendAuditEvents, recordAudit, recordAudits } from './service.ts'
