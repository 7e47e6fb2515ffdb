export { type AuditEvent, AuditEventEntity } from './entity.ts'
export { type AuditEntry, recordAudit } from './service.ts'
