import type { EntityManager } from '@mikro-orm/postgresql'
import type { CallFinished } from '../../contract/events.ts'
import { newId } from '../db/id.ts'
import { appendAuditEvents } from '../modules/audit/index.ts'

const anonymous = { kind: 'anonymous', id: 'anonymous', name: 'unknown caller' }

/** Appends one audit event per call: who asked for what, and how it ended. */
export async function auditCalls(
  em: EntityManager,
  organizationId: string,
  calls: readonly CallFinished[],
): Promise<void> {
  if (calls.length === 0) return
  const names = await readVirtualKeyNames(em, organizationId, calls)
  const events = calls.map((call) => {
    const { virtualKeyId: id } = call
    const actor = id === null ? anonymous : { kind: 'virtual_key', id, name: names.get(id) ?? id }
    return {
      id: newId('evt'),
      workspaceId: call.workspaceId,
      at: new Date(call.startedAt + Math.round(call.durationMs)),
      type: `inference.${call.outcome}`,
      actorKind: actor.kind,
      actorId: actor.id,
      actorName: actor.name,
      subjectKind: 'inference',
      subjectId: call.attemptId,
      outcome: call.outcome,
      details: detailsOf(call),
    }
  })
  await appendAuditEvents(em, organizationId, events)
}

async function readVirtualKeyNames(
  em: EntityManager,
  organizationId: string,
  calls: readonly CallFinished[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(calls.flatMap(({ virtualKeyId }) => virtualKeyId ?? []))
  const rows = await em.execute<{ id: string; name: string }[]>(
    `select id, document->>'name' as name from config_entities
     where org_id = ? and kind = 'virtual_key' and id in (select jsonb_array_elements_text(?::jsonb))`,
    [organizationId, JSON.stringify([...ids])],
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}

function detailsOf(call: CallFinished) {
  const { type: _type, attemptId: _attemptId, workspaceId: _workspaceId, outcome: _outcome, ...facts } = call
  return facts
}
