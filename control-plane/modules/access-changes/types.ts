import { builder } from '../../graphql/builder.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { RefusalInterface } from '../../graphql/refusals.ts'
import { AuditActorType } from '../audit/index.ts'
import { type AccessChange, type AccessChangeEffect, AccessChangeEntity, statusOf } from './entity.ts'
import { AccessApprovalRequired } from './errors.ts'

registerNodeType('acc', 'AccessChange')

export const StatusType = builder.enumType('AccessChangeStatus', {
  description: 'What has become of a change of roles or identity providers that needs a second person.',
  values: {
    PENDING: { value: 'pending', description: 'It waits.' },
    APPROVED: { value: 'approved', description: 'It was made.' },
    REJECTED: { value: 'rejected', description: 'It was refused.' },
    WITHDRAWN: { value: 'withdrawn', description: 'Whoever asked for it took it back.' },
    EXPIRED: { value: 'expired', description: 'Nobody decided it in time.' },
    STALE: {
      value: 'stale',
      description:
        'It could not be made as it was asked for when it was approved: something that it is about had changed, or whoever asked for it might not do it any more.',
    },
  } as const,
})

const EffectType = builder.objectRef<AccessChangeEffect>('AccessChangeEffect').implement({
  description: 'One thing that a change does, as the audit log says it.',
  fields: (t) => ({
    type: t.exposeString('type', { description: 'What: `role.assigned`, `identity_provider.updated`, …' }),
    subjectId: t.id({
      description: 'What it is done to. What is new gets its id when the change is approved.',
      resolve: ({ subject }) => subject.id,
    }),
    details: t.expose('details', { type: 'JSON', description: 'How it is then. Never a secret.' }),
  }),
})

export const AccessChangeType = builder.loadableNodeRef('AccessChange', {
  id: { resolve: (change: AccessChange) => change.id },
  load: (ids: string[], context) => loadVisible(context, 'access_changes:view', AccessChangeEntity, ids),
})

AccessChangeType.implement({
  description:
    'A change of roles or identity providers that is made once a second person approves it, as `setAccessApproval` says.',
  fields: (t) => ({
    status: t.field({
      type: StatusType,
      description: 'What has become of it.',
      resolve: (change, _args, { services }) => statusOf(change, services.now()),
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'Of a stale one, why it is.' }),
    mutation: t.exposeString('mutation', { description: 'The mutation that it was asked for with.' }),
    fields: t.exposeStringList('fields', {
      description: 'Which fields of its input were given: `clientSecret` says that there is a new one.',
    }),
    effects: t.expose('effects', {
      type: [EffectType],
      description: 'What it would do, as it was tried; of an approved one what it did.',
    }),
    requestedBy: t.expose('requester', { type: AuditActorType, description: 'Who asked for it.' }),
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: 'When.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'Until when it can be decided: 72 hours after it was asked for.',
    }),
    decidedBy: t.expose('decider', {
      type: AuditActorType,
      nullable: true,
      description: 'Who approved, rejected or took it back, or found it stale; null while nobody has.',
    }),
    decidedAt: t.expose('decidedAt', { type: 'DateTime', nullable: true, description: 'When.' }),
  }),
})

builder.objectType(AccessApprovalRequired, {
  name: 'AccessApprovalRequired',
  description:
    'Nothing was changed yet: what was asked for has been tried, and waits until a second person approves it.',
  interfaces: [RefusalInterface],
  isTypeOf: (value) => value instanceof AccessApprovalRequired,
  fields: (t) => ({
    change: t.expose('change', { type: AccessChangeType, description: 'What waits.' }),
  }),
})
