import type { FilterQuery } from '@mikro-orm/core'
import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import { builder, type InputFields } from '../../graphql/builder.ts'
import {
  expectedSettingsVersionField,
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
  versionDescription,
} from '../../graphql/concurrency-fields.ts'
import type { RequestContext } from '../../graphql/context.ts'
import { ByIdInput, DeletedType } from '../../graphql/deleted.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { PolicyOwnerInput, policyOwnerOf } from '../../graphql/policy-owner-input.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { transactionOf } from '../../service-context.ts'
import { BusinessUnitType } from '../business-units/index.ts'
import { CustomerType } from '../customers/index.ts'
import { OrganizationType } from '../organizations/index.ts'
import { TeamType } from '../teams/index.ts'
import { UserType } from '../users/index.ts'
import { ProfileManaged, ProviderConfigType, VirtualKeyType } from '../virtual-keys/index.ts'
import { type RequestLimit, RequestLimitEntity } from './entity.ts'
import { SeveralRequestLimits, WindowTaken } from './errors.ts'
import { addRequestLimit, removeRequestLimit, setRequestLimit, updateRequestLimit } from './service.ts'

registerNodeType('lim', 'RequestLimit')

async function findLimits(
  { services, actor }: RequestContext,
  by: FilterQuery<RequestLimit>,
): Promise<RequestLimit[]> {
  if (!actor.may('limits:view')) return []
  const { workspaceIds } = actor
  // A token that is confined to workspaces sees theirs, and what belongs to the whole organization.
  const visible: FilterQuery<RequestLimit> =
    workspaceIds === null ? {} : { $or: [{ workspaceId: { $in: [...workspaceIds] } }, { workspaceId: null }] }
  return transactionOf(services, actor, (em) =>
    em.find(RequestLimitEntity, { $and: [by, visible] } as FilterQuery<RequestLimit>, {
      orderBy: { id: 'asc' },
    }),
  )
}

async function loadLimits(
  context: RequestContext,
  by: { readonly ownerKind: GovernedLevel } | 'id',
  ids: readonly string[],
): Promise<(RequestLimit | null)[]> {
  const where = by === 'id' ? { id: { $in: [...ids] } } : { ...by, ownerId: { $in: [...ids] } }
  const limits = await findLimits(context, where)
  // Oldest last, so that it stands for an owner who has several.
  const found = new Map(limits.toReversed().map((limit) => [by === 'id' ? limit.id : limit.ownerId, limit]))
  return ids.map((id) => found.get(id) ?? null)
}

const maxTokensRule =
  'The most tokens in one window, of input and output together; null: tokens are not counted. A call sets aside the most that it can use, and gives back what it did not.'

const RequestLimitType = builder.loadableNodeRef('RequestLimit', {
  id: { resolve: (limit: RequestLimit) => limit.id },
  load: (ids: string[], context) => loadLimits(context, 'id', ids),
})

RequestLimitType.implement({
  description:
    'How many calls an owner may make, and how many tokens they may use, in any window of time, which slides. A call counts at every level above it.',
  fields: (t) => ({
    maxRequests: t.exposeInt('maxRequests', {
      nullable: true,
      description: 'The most calls in one window; null: calls are not counted.',
    }),
    maxTokens: t.exposeInt('maxTokens', {
      nullable: true,
      description: maxTokensRule,
    }),
    windowSeconds: t.exposeInt('windowSeconds', { description: 'How long the window is.' }),
    version: t.exposeInt('version', { description: versionDescription }),
  }),
})

/** The field of whoever has one, loaded for all owners of an answer at once. */
function requestLimitOf(ownerKind: GovernedLevel) {
  return {
    type: RequestLimitType,
    nullable: true,
    permission: 'limits:view',
    description: 'The first of its request limits; null: none of its own.',
    deprecationReason: 'Use `requestLimits`, which has all of them. Removed on 2027-06-01.',
    load: (ids: string[], context: RequestContext) => loadLimits(context, { ownerKind }, ids),
    resolve: ({ id }: { readonly id: string }) => id,
  } as const
}

function requestLimitsOf(ownerKind: GovernedLevel) {
  return {
    type: RequestLimitType,
    permission: 'limits:view',
    description:
      'How many calls it may make, and how many tokens they may use, in each window of time, oldest first: a call counts in all of them. Empty: no limit of its own.',
    load: (ids: string[], context: RequestContext) =>
      findLimits(context, { ownerKind, ownerId: { $in: ids } }),
    // A loadable type may also be given by id; `load` gives rows.
    group: (limit: RequestLimit | string) => (limit as RequestLimit).ownerId,
    resolve: ({ id }: { readonly id: string }) => id,
  } as const
}

builder.objectFields(OrganizationType, (t) => ({
  requestLimits: t.loadableGroup(requestLimitsOf('organization')),
  requestLimit: t.loadable(requestLimitOf('organization')),
}))
builder.objectFields(CustomerType, (t) => ({
  requestLimits: t.loadableGroup(requestLimitsOf('customer')),
  requestLimit: t.loadable(requestLimitOf('customer')),
}))
builder.objectFields(BusinessUnitType, (t) => ({
  requestLimits: t.loadableGroup(requestLimitsOf('business_unit')),
  requestLimit: t.loadable(requestLimitOf('business_unit')),
}))
builder.objectFields(TeamType, (t) => ({
  requestLimits: t.loadableGroup(requestLimitsOf('team')),
  requestLimit: t.loadable(requestLimitOf('team')),
}))
builder.objectFields(UserType, (t) => ({
  requestLimits: t.loadableGroup(requestLimitsOf('user')),
  requestLimit: t.loadable(requestLimitOf('user')),
}))
builder.objectFields(VirtualKeyType, (t) => ({
  requestLimits: t.loadableGroup(requestLimitsOf('virtual_key')),
  requestLimit: t.loadable(requestLimitOf('virtual_key')),
}))
builder.objectFields(ProviderConfigType, (t) => ({
  requestLimits: t.loadableGroup(requestLimitsOf('provider_config')),
  requestLimit: t.loadable(requestLimitOf('provider_config')),
}))

const maxRequestsDescription =
  'The most calls in one window, at least 1; null or left out: calls are not counted.'
const maxTokensDescription =
  'The most tokens in one window, of input and output together, at least 1; null or left out: tokens are not counted.'
const windowSecondsDescription = 'How long the window is: 1 to 2678400 seconds, which are 31 days.'

const limitFields = (t: InputFields) => ({
  owner: t.field({ type: PolicyOwnerInput, required: true, description: 'Whom it governs.' }),
  maxRequests: t.int({ description: maxRequestsDescription }),
  maxTokens: t.int({ description: maxTokensDescription }),
  windowSeconds: t.int({ required: true, description: windowSecondsDescription }),
})

const SetRequestLimitInput = builder.inputType('SetRequestLimitInput', {
  description: 'The only request limit of one owner: of calls, of tokens or of both.',
  fields: (t) => ({ ...expectedSettingsVersionField(t), ...limitFields(t) }),
})

const AddRequestLimitInput = builder.inputType('AddRequestLimitInput', {
  description:
    'One more request limit of an owner, who has at most 8, each for a window of another length: of calls, of tokens or of both.',
  fields: (t) => ({ ...idempotencyKeyField(t), ...limitFields(t) }),
})

const UpdateRequestLimitInput = builder.inputType('UpdateRequestLimitInput', {
  description: 'What to change about a request limit; a field that is left out stays as it is.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The request limit.' }),
    maxRequests: t.int({
      description: 'The most calls in one window, at least 1; null: calls are not counted any more.',
    }),
    maxTokens: t.int({
      description: 'The most tokens in one window, at least 1; null: tokens are not counted any more.',
    }),
    windowSeconds: t.int({ description: windowSecondsDescription }),
  }),
})

builder.mutationFields((t) => ({
  addRequestLimit: t.field({
    type: RequestLimitType,
    permission: 'limits:update',
    description:
      'Gives an owner a request limit beside those that it has: one for a second and one for a day, for example.',
    errors: { types: [NotFound, WindowTaken, IdempotencyKeyReused] },
    args: { input: t.arg({ type: AddRequestLimitInput, required: true, description: 'The limit.' }) },
    resolve: (_, { input: { owner, ...limit } }, { services, actor }) =>
      addRequestLimit(services, actor, { owner: policyOwnerOf(actor, owner), ...limit }),
  }),
  updateRequestLimit: t.field({
    type: RequestLimitType,
    permission: 'limits:update',
    description: 'Changes a request limit.',
    errors: { types: [NotFound, WindowTaken, ProfileManaged, StaleUpdate] },
    args: { input: t.arg({ type: UpdateRequestLimitInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => updateRequestLimit(services, actor, input),
  }),
  setRequestLimit: t.field({
    type: RequestLimitType,
    permission: 'limits:update',
    description:
      'Gives an owner without a request limit its first, or changes the only one that it has. Of an owner with several it changes none: use `updateRequestLimit`.',
    errors: { types: [NotFound, SeveralRequestLimits, ProfileManaged, StaleUpdate] },
    args: { input: t.arg({ type: SetRequestLimitInput, required: true, description: 'The limit.' }) },
    resolve: (_, { input: { owner, ...limit } }, { services, actor }) =>
      setRequestLimit(services, actor, { owner: policyOwnerOf(actor, owner), ...limit }),
  }),
  removeRequestLimit: t.field({
    type: DeletedType,
    permission: 'limits:update',
    description: 'Takes a request limit away.',
    errors: { types: [NotFound, ProfileManaged] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The request limit.' }) },
    resolve: (_, { input }, { services, actor }) => removeRequestLimit(services, actor, input.id),
  }),
}))
