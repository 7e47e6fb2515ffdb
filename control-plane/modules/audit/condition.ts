import type { FilterQuery } from '@mikro-orm/core'
import type { Actor } from '../../actor.ts'
import type { AuditEvent } from './entity.ts'

/** Which events; all conditions must hold. */
export interface AuditEventFilter {
  readonly type?: string | null | undefined
  readonly actorId?: string | null | undefined
  readonly subjectId?: string | null | undefined
  /** Of an inference call. */
  readonly requestId?: string | null | undefined
}

/** The condition for the events that match and that the actor may see. */
export function auditCondition({ workspaceIds }: Actor, filter: AuditEventFilter): FilterQuery<AuditEvent> {
  const conditions = Object.entries(filter).filter(([, value]) => value != null)
  return {
    ...Object.fromEntries(conditions),
    ...(workspaceIds !== null && { workspaceId: { $in: [...workspaceIds] } }),
  } as FilterQuery<AuditEvent>
}
