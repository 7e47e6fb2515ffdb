import { builder, type InputFields } from '../../graphql/builder.ts'
import {
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
} from '../../graphql/concurrency-fields.ts'
import { ByIdInput, DeletedType } from '../../graphql/deleted.ts'
import { listPage } from '../../graphql/pagination.ts'
import { NameTaken, NotFound } from '../../graphql/refusals.ts'
import { WeekdayType } from '../budgets/index.ts'
import { AccessPolicyEntity } from './entity.ts'
import { PolicyLockout, TooManyAccessPolicies } from './errors.ts'
import { createAccessPolicy, deleteAccessPolicy, updateAccessPolicy } from './service.ts'
import { AccessPolicyType, PolicyEffectType, policyTexts, windowTexts } from './types.ts'

builder.queryFields((t) => ({
  accessPolicy: t.field({
    type: AccessPolicyType,
    nullable: true,
    permission: 'access_policies:view',
    description: 'One access policy; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  accessPolicies: t.connection(
    {
      type: AccessPolicyType,
      permission: 'access_policies:view',
      description: 'The access policies of your organization, oldest first.',
      resolve: (_, page, context) => listPage(context, AccessPolicyEntity, page),
    },
    { name: 'AccessPolicyConnection', description: 'A page of access policies.' },
    { name: 'AccessPolicyEdge', description: 'An access policy with its cursor.' },
  ),
}))

const TimeWindowInput = builder.inputType('TimeWindowInput', {
  description: 'Some hours of some days of the week.',
  fields: (t) => ({
    days: t.field({ type: [WeekdayType], required: true, description: windowTexts.days }),
    from: t.string({ required: true, description: windowTexts.from }),
    until: t.string({ required: true, description: windowTexts.until }),
    timeZone: t.string({ required: true, description: windowTexts.timeZone }),
  }),
})

const shared = (t: InputFields) => ({
  description: t.string({ description: 'What it is for, at most 1024 characters.' }),
  enabled: t.boolean({ description: 'Whether it holds; true unless said.' }),
  everybody: t.boolean({ description: `${policyTexts.everybody} Then it names no role and no user.` }),
  roleIds: t.idList({ description: `${policyTexts.roles} At most 100.` }),
  userIds: t.idList({ description: `${policyTexts.users} At most 100.` }),
  timeWindows: t.field({ type: [TimeWindowInput], description: `${policyTexts.timeWindows} At most 20.` }),
  condition: t.string({ description: `${policyTexts.condition} At most 1024 characters.` }),
})

const CreateAccessPolicyInput = builder.inputType('CreateAccessPolicyInput', {
  description: 'A new access policy. It names whom it is about: everybody, roles or users.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    name: t.string({ required: true, description: '1 to 128 characters, unique.' }),
    effect: t.field({ type: PolicyEffectType, required: true, description: 'How it takes away.' }),
    permissions: t.stringList({
      required: true,
      description: `${policyTexts.permissions} At least 1, at most 100.`,
    }),
    ...shared(t),
  }),
})

const UpdateAccessPolicyInput = builder.inputType('UpdateAccessPolicyInput', {
  description: 'What to change about an access policy, from the next request on. What is left out stays.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The access policy.' }),
    name: t.string({ description: 'Its new name.' }),
    effect: t.field({ type: PolicyEffectType, description: 'How it takes away.' }),
    permissions: t.stringList({ description: policyTexts.permissions }),
    ...shared(t),
  }),
})

builder.mutationFields((t) => ({
  createAccessPolicy: t.field({
    type: AccessPolicyType,
    permission: 'access_policies:create',
    description:
      'Creates an access policy, which holds from the next request on. Refused when it could leave nobody able to change policies.',
    errors: { types: [NameTaken, NotFound, TooManyAccessPolicies, PolicyLockout, IdempotencyKeyReused] },
    args: { input: t.arg({ type: CreateAccessPolicyInput, required: true, description: 'The policy.' }) },
    resolve: (_, { input }, { services, actor }) => createAccessPolicy(services, actor, input),
  }),
  updateAccessPolicy: t.field({
    type: AccessPolicyType,
    permission: 'access_policies:update',
    description:
      'Changes an access policy. Refused when it could leave nobody able to change policies; `gatehouse disable-access-policies` is the way out for whoever has the database.',
    errors: { types: [NotFound, NameTaken, PolicyLockout, StaleUpdate] },
    args: { input: t.arg({ type: UpdateAccessPolicyInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => updateAccessPolicy(services, actor, input),
  }),
  deleteAccessPolicy: t.field({
    type: DeletedType,
    permission: 'access_policies:delete',
    description: 'Deletes an access policy: what it denied is as the roles say, from the next request on.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The policy.' }) },
    resolve: (_, { input }, { services, actor }) => deleteAccessPolicy(services, actor, input.id),
  }),
}))
