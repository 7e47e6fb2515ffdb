import type { FilterQuery } from '@mikro-orm/core'
import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import { builder } from '../../graphql/builder.ts'
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
import { ProviderConfigType, VirtualKeyType } from '../virtual-keys/index.ts'
import { type RequestLimit, RequestLimitEntity } from './entity.ts'
import { removeRequestLimit, setRequestLimit } from './service.ts'

registerNodeType('lim', 'RequestLimit')

async function loadLimits(
  { services, actor }: RequestContext,
  by: { readonly ownerKind: GovernedLevel } | 'id',
  ids: readonly string[],
): Promise<(RequestLimit | null)[]> {
  if (!actor.may('limits:view')) return ids.map(() => null)
  const { workspaceId } = actor
  const where = {
    ...(by === 'id' ? { id: { $in: [...ids] } } : { ...by, ownerId: { $in: [...ids] } }),
    // A token that is confined to a workspace sees its own, and what belongs to the whole organization.
    ...(workspaceId !== null && { $or: [{ workspaceId }, { workspaceId: null }] }),
  } as FilterQuery<RequestLimit>
  const limits = await transactionOf(services, actor, (em) => em.find(RequestLimitEntity, where))
  const found = new Map(limits.map((limit) => [by === 'id' ? limit.id : limit.ownerId, limit]))
  return ids.map((id) => found.get(id) ?? null)
}

const RequestLimitType = builder.loadableNodeRef('RequestLimit', {
  id: { resolve: (limit: RequestLimit) => limit.id },
  load: (ids: string[], context) => loadLimits(context, 'id', ids),
})

RequestLimitType.implement({
  description:
    'How many calls an owner may make in any window of time, which slides. A call counts at every level above it.',
  fields: (t) => ({
    maxRequests: t.exposeInt('maxRequests', { description: 'The most calls in one window.' }),
    windowSeconds: t.exposeInt('windowSeconds', { description: 'How long the window is.' }),
  }),
})

/** The field of whoever has one, loaded for all owners of an answer at once. */
function requestLimitOf(ownerKind: GovernedLevel) {
  return {
    type: RequestLimitType,
    nullable: true,
    permission: 'limits:view',
    description: 'How many calls it may make in a window of time; null: no limit of its own.',
    load: (ids: string[], context: RequestContext) => loadLimits(context, { ownerKind }, ids),
    resolve: ({ id }: { readonly id: string }) => id,
  } as const
}

builder.objectField(OrganizationType, 'requestLimit', (t) => t.loadable(requestLimitOf('organization')))
builder.objectField(CustomerType, 'requestLimit', (t) => t.loadable(requestLimitOf('customer')))
builder.objectField(BusinessUnitType, 'requestLimit', (t) => t.loadable(requestLimitOf('business_unit')))
builder.objectField(TeamType, 'requestLimit', (t) => t.loadable(requestLimitOf('team')))
builder.objectField(UserType, 'requestLimit', (t) => t.loadable(requestLimitOf('user')))
builder.objectField(VirtualKeyType, 'requestLimit', (t) => t.loadable(requestLimitOf('virtual_key')))
builder.objectField(ProviderConfigType, 'requestLimit', (t) => t.loadable(requestLimitOf('provider_config')))

const SetRequestLimitInput = builder.inputType('SetRequestLimitInput', {
  description: 'The request limit of one owner, who has at most one.',
  fields: (t) => ({
    owner: t.field({ type: PolicyOwnerInput, required: true, description: 'Whom it governs.' }),
    maxRequests: t.int({ required: true, description: 'The most calls in one window: at least 1.' }),
    windowSeconds: t.int({
      required: true,
      description: 'How long the window is: 1 to 2678400 seconds, which are 31 days.',
    }),
  }),
})

builder.mutationFields((t) => ({
  setRequestLimit: t.field({
    type: RequestLimitType,
    permission: 'limits:update',
    description: 'Gives an owner a request limit or changes it.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: SetRequestLimitInput, required: true, description: 'The limit.' }) },
    resolve: (_, { input: { owner, ...limit } }, { services, actor }) =>
      setRequestLimit(services, actor, { owner: policyOwnerOf(actor, owner), ...limit }),
  }),
  removeRequestLimit: t.field({
    type: DeletedType,
    permission: 'limits:update',
    description: 'Takes a request limit away.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The request limit.' }) },
    resolve: (_, { input }, { services, actor }) => removeRequestLimit(services, actor, input.id),
  }),
}))
