import { builder } from '../../graphql/builder.ts'
import {
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
  versionDescription,
} from '../../graphql/concurrency-fields.ts'
import { ByIdInput, DeletedType } from '../../graphql/deleted.ts'
import { listNamed, NamedOrderInput, searchDescription } from '../../graphql/named-lists.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { InUse, NameTaken, NotFound } from '../../graphql/refusals.ts'
import { CustomerType } from '../customers/index.ts'
import { WorkspaceType } from '../workspaces/index.ts'
import { type BusinessUnit, BusinessUnitEntity } from './entity.ts'
import { createBusinessUnit, deleteBusinessUnit, updateBusinessUnit } from './service.ts'

registerNodeType('bu', 'BusinessUnit')

export const BusinessUnitType = builder.loadableNodeRef('BusinessUnit', {
  id: { resolve: (businessUnit: BusinessUnit) => businessUnit.id },
  load: (ids: string[], context) => loadVisible(context, 'business_units:view', BusinessUnitEntity, ids),
})

BusinessUnitType.implement({
  description: 'A part of a customer, between the customer and its teams.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', { description: 'Unique within the customer.' }),
    customer: t.field({
      type: CustomerType,
      nullable: true,
      description: 'The customer that it is a part of.',
      resolve: ({ customerId }) => customerId,
    }),
    workspace: t.field({
      type: WorkspaceType,
      nullable: true,
      description: 'Where it lives: its customer’s workspace.',
      resolve: ({ workspaceId }) => workspaceId,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

const BusinessUnitFilterInput = builder.inputType('BusinessUnitFilter', {
  description: 'Which business units; all conditions must hold.',
  fields: (t) => ({
    workspaceId: t.id({ description: 'That live in this workspace.' }),
    customerId: t.id({ description: 'Of this customer.' }),
    search: t.string({ description: searchDescription }),
  }),
})

builder.queryFields((t) => ({
  businessUnit: t.field({
    type: BusinessUnitType,
    nullable: true,
    permission: 'business_units:view',
    objectAt: 'id',
    description: 'One business unit; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  businessUnits: t.connection(
    {
      type: BusinessUnitType,
      permission: 'business_units:view',
      description: 'The business units of your organization, oldest first unless said.',
      args: {
        filter: t.arg({ type: BusinessUnitFilterInput, description: 'Only these.' }),
        orderBy: t.arg({ type: NamedOrderInput, description: 'In this order.' }),
      },
      resolve: (_, args, context) => listNamed(context, BusinessUnitEntity, args),
    },
    { name: 'BusinessUnitConnection', description: 'A page of business units.' },
    { name: 'BusinessUnitEdge', description: 'A business unit with its cursor.' },
  ),
}))

const CreateBusinessUnitInput = builder.inputType('CreateBusinessUnitInput', {
  description: 'A new business unit.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    customerId: t.id({ required: true, description: 'The customer that it is a part of.' }),
    name: t.string({ required: true, description: '1 to 128 characters, unique within the customer.' }),
  }),
})

const UpdateBusinessUnitInput = builder.inputType('UpdateBusinessUnitInput', {
  description: 'What to change about a business unit.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The business unit.' }),
    name: t.string({ required: true, description: 'Its new name.' }),
  }),
})

builder.mutationFields((t) => ({
  createBusinessUnit: t.field({
    type: BusinessUnitType,
    permission: 'business_units:create',
    description: 'Creates a business unit.',
    errors: { types: [NotFound, NameTaken, IdempotencyKeyReused] },
    args: {
      input: t.arg({ type: CreateBusinessUnitInput, required: true, description: 'The business unit.' }),
    },
    resolve: (_, { input }, { services, actor }) => createBusinessUnit(services, actor, input),
  }),
  updateBusinessUnit: t.field({
    type: BusinessUnitType,
    permission: 'business_units:update',
    objectAt: 'input.id',
    description: 'Renames a business unit.',
    errors: { types: [NotFound, NameTaken, StaleUpdate] },
    args: { input: t.arg({ type: UpdateBusinessUnitInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => updateBusinessUnit(services, actor, input),
  }),
  deleteBusinessUnit: t.field({
    type: DeletedType,
    permission: 'business_units:delete',
    objectAt: 'input.id',
    description: 'Deletes a business unit without teams, with its budget and limit.',
    errors: { types: [NotFound, InUse] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The business unit.' }) },
    resolve: (_, { input }, { services, actor }) => deleteBusinessUnit(services, actor, input.id),
  }),
}))
