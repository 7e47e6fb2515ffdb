import { builder } from '../../graphql/builder.ts'
import { followRows } from '../../live/follow-rows.ts'
import { auditCondition } from './condition.ts'
import { AuditEventEntity } from './entity.ts'
import { AuditEventFilterInput, AuditEventType } from './graphql.ts'

builder.subscriptionField('auditRecorded', (t) =>
  t.field({
    type: AuditEventType,
    permission: 'audit_logs:view',
    description: 'Each audit event of the organization once it is recorded, none left out.',
    args: {
      filter: t.arg({ type: AuditEventFilterInput, description: 'Only these.' }),
      after: t.arg.id({ description: 'Begin behind this event, the last one that you have; without: now.' }),
    },
    subscribe: (_, { filter, after }, context) =>
      followRows(context, {
        topic: 'audit',
        permission: 'audit_logs:view',
        table: 'audit_events',
        entity: AuditEventEntity,
        where: (actor) => auditCondition(actor, filter ?? {}),
        after,
      }),
    resolve: (event) => event,
  }),
)
