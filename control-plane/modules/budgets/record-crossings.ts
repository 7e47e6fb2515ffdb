import type { EntityManager } from '@mikro-orm/postgresql'
import { newId } from '../../db/id.ts'
import { appendAuditEvents } from '../audit/index.ts'
import type { BudgetCrossing } from './crossing-entity.ts'

/** Writes crossings, each with its audit event, for subscribers to hear of once the transaction commits. */
export async function recordCrossings(
  em: EntityManager,
  organizationId: string,
  crossings: readonly Omit<BudgetCrossing, 'id' | 'organizationId'>[],
): Promise<void> {
  if (crossings.length === 0) return
  const rows = crossings.map((crossing) => ({ id: newId('bcr'), ...crossing }))
  await em.execute(
    `insert into budget_crossings (org_id, id, workspace_id, budget_id, owner_kind, owner_id, window_starts_at,
       window_ends_at, percent, limit_nano_usd, settled_nano_usd, at)
     select ?, id, "workspaceId", "budgetId", "ownerKind", "ownerId", "windowStartsAt", "windowEndsAt", percent,
       "limitNanoUsd", "settledNanoUsd", at
     from jsonb_to_recordset(?::jsonb) as crossing (id text, "workspaceId" text, "budgetId" text, "ownerKind" text,
       "ownerId" text, "windowStartsAt" timestamptz, "windowEndsAt" timestamptz, percent smallint,
       "limitNanoUsd" bigint, "settledNanoUsd" bigint, at timestamptz)`,
    [organizationId, JSON.stringify(rows)],
  )
  await appendAuditEvents(em, organizationId, crossings.map(auditEventOf))
}

function auditEventOf(crossing: Omit<BudgetCrossing, 'id' | 'organizationId'>) {
  const { workspaceId, budgetId, ownerKind, ownerId, percent, limitNanoUsd, settledNanoUsd, at } = crossing
  return {
    id: newId('evt'),
    workspaceId,
    at,
    type: 'budget.threshold_crossed',
    actorKind: 'system',
    actorId: 'gatehouse',
    actorName: 'Gatehouse',
    subjectKind: 'budget',
    subjectId: budgetId,
    outcome: 'succeeded',
    details: {
      owner: { kind: ownerKind, id: ownerId },
      percent,
      limitNanoUsd,
      settledNanoUsd,
      windowStart: crossing.windowStartsAt.toISOString(),
      resetsAt: crossing.windowEndsAt?.toISOString() ?? null,
    },
  }
}
