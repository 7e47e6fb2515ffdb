import { builder } from '../../graphql/builder.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { listPage } from '../../graphql/pagination.ts'
import { auditCondition } from './condition.ts'
import { type AuditEvent, AuditEventEntity } from './entity.ts'

/** Every call leaves an event: to count them all would take longer than to read any page of them. */
const countUpTo = 10_000

interface Party {
  readonly kind: string
  readonly id: string
  readonly name?: string
}

export const AuditActorType = builder.objectRef<Required<Party>>('AuditActor').implement({
  description: 'Who did it, as they were called then.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: '`api_token`, `system`, `virtual_key`, …' }),
    id: t.exposeID('id', { description: 'Its id.' }),
    name: t.exposeString('name', { description: 'Its name at that time.' }),
  }),
})

const AuditSubjectType = builder.objectRef<Party>('AuditSubject').implement({
  description: 'What it was done to.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: '`virtual_key`, `team`, …' }),
    id: t.exposeID('id', { description: 'Its id; it may be deleted since.' }),
  }),
})

registerNodeType('evt', 'AuditEvent')

export const AuditEventType = builder.loadableNodeRef('AuditEvent', {
  id: { resolve: (event: AuditEvent) => event.id },
  load: (ids: string[], context) => loadVisible(context, 'audit_logs:view', AuditEventEntity, ids),
})

AuditEventType.implement({
  description: 'Something that happened, recorded in the transaction in which it happened and never changed.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When it happened.' }),
    type: t.exposeString('type', {
      description: 'What happened: `virtual_key.issued`, `inference.denied`, …',
    }),
    actor: t.field({
      type: AuditActorType,
      description: 'Who did it.',
      resolve: (event) => ({ kind: event.actorKind, id: event.actorId, name: event.actorName }),
    }),
    subject: t.field({
      type: AuditSubjectType,
      description: 'What it was done to.',
      resolve: (event) => ({ kind: event.subjectKind, id: event.subjectId }),
    }),
    outcome: t.exposeString('outcome', { description: '`succeeded`, `denied`, `failed`, …' }),
    details: t.expose('details', { type: 'JSON', description: 'What was changed; never a secret.' }),
  }),
})

export const AuditEventFilterInput = builder.inputType('AuditEventFilter', {
  description: 'Which events; all conditions must hold.',
  fields: (t) => ({
    type: t.string({ description: 'Exactly this type.' }),
    actorId: t.id({ description: 'Done by this actor.' }),
    subjectId: t.id({ description: 'Done to this subject.' }),
    requestId: t.string({ description: 'An inference call that was answered under this `x-request-id`.' }),
  }),
})

builder.queryField('auditEvents', (t) =>
  t.connection(
    {
      type: AuditEventType,
      permission: 'audit_logs:view',
      description: 'What happened in the organization, newest first.',
      args: { filter: t.arg({ type: AuditEventFilterInput, description: 'Only these.' }) },
      resolve: (_, { filter, ...page }, context) => {
        const where = auditCondition(context.actor, filter ?? {})
        return listPage(context, AuditEventEntity, page, {
          ...{ where, newestFirst: true, countUpTo },
          idsFirst: true,
        })
      },
    },
    {
      name: 'AuditEventConnection',
      description: 'A page of audit events.',
      fields: (t) => ({
        totalCountIsExact: t.boolean({
          description: `False: there are more than \`totalCount\`, which counts no further than ${countUpTo}.`,
          resolve: (connection) => connection.totalCountIsExact(),
        }),
      }),
    },
    { name: 'AuditEventEdge', description: 'An audit event with its cursor.' },
  ),
)
