import type { EntityManager } from '@mikro-orm/postgresql'
import type { Json } from '../../../contract/canonical.ts'
import type { Actor } from '../../actor.ts'
import { newId } from '../../db/id.ts'
import type { AuditEvent } from './entity.ts'

export interface AuditEntry {
  /** What happened, in the past tense: `virtual_key.issued`. */
  readonly type: string
  readonly subject: { readonly kind: string; readonly id: string }
  /** The workspace of the subject, null when it belongs to the organization itself. */
  readonly workspaceId?: string | null
  /** How it ended; `succeeded` unless said. */
  readonly outcome?: 'succeeded' | 'denied'
  /** What was changed. Never a secret. */
  readonly details?: Readonly<Record<string, Json>>
}

/** Records what an actor did, in the transaction in which they do it. */
export function recordAudit(em: EntityManager, actor: Actor, entry: AuditEntry, at: Date): Promise<void> {
  return recordAudits(em, actor, [entry], at)
}

/** As {@link recordAudit}, of whatever they did at once. */
export async function recordAudits(
  em: EntityManager,
  actor: Actor,
  entries: readonly AuditEntry[],
  at: Date,
): Promise<void> {
  if (entries.length === 0) return
  const events = entries.map(({ type, subject, workspaceId = null, outcome = 'succeeded', details }) => ({
    ...{ id: newId('evt'), workspaceId, at, type, outcome },
    ...{ actorKind: actor.kind, actorId: actor.id, actorName: actor.name },
    ...{ subjectKind: subject.kind, subjectId: subject.id },
    details: { ...details, ...(actor.signIn && { signIn: { ...actor.signIn } }) },
  }))
  await appendAuditEvents(em, actor.organizationId, events)
}

/** Appends many events of one organization in one statement. */
export async function appendAuditEvents(
  em: EntityManager,
  organizationId: string,
  events: readonly Omit<AuditEvent, 'organizationId' | 'requestId'>[],
): Promise<void> {
  await em.execute(
    `insert into audit_events (org_id, id, workspace_id, at, type, actor_kind, actor_id, actor_name, subject_kind,
       subject_id, outcome, details)
     select ?, id, "workspaceId", at, type, "actorKind", "actorId", "actorName", "subjectKind", "subjectId", outcome,
       details
     from jsonb_to_recordset(?::jsonb) as event (id text, "workspaceId" text, at timestamptz, type text,
       "actorKind" text, "actorId" text, "actorName" text, "subjectKind" text, "subjectId" text, outcome text,
       details jsonb)`,
    [organizationId, JSON.stringify(events)],
  )
}
