export { type AuditEvent, AuditEventEntity } from './entity.ts'
export { type AuditEntry, appendAuditEvents, recordAudit } from './service.ts'
