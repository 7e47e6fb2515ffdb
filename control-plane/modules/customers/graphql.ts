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
import { WorkspaceType } from '../workspaces/index.ts'
import { type Customer, CustomerEntity } from './entity.ts'
import { createCustomer, deleteCustomer, updateCustomer } from './service.ts'

registerNodeType('cus', 'Customer')

export const CustomerType = builder.loadableNodeRef('Customer', {
  id: { resolve: (customer: Customer) => customer.id },
  load: (ids: string[], context) => loadVisible(context, 'customers:view', CustomerEntity, ids),
})

CustomerType.implement({
  description: 'Whoever the calls of its teams are charged to; the widest level below the organization.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', { description: 'Unique in the workspace.' }),
    workspace: t.field({
      type: WorkspaceType,
      nullable: true,
      description: 'Where it lives.',
      resolve: ({ workspaceId }) => workspaceId,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

const CustomerFilterInput = builder.inputType('CustomerFilter', {
  description: 'Which customers; all conditions must hold.',
  fields: (t) => ({
    workspaceId: t.id({ description: 'That live in this workspace.' }),
    search: t.string({ description: searchDescription }),
  }),
})

builder.queryFields((t) => ({
  customer: t.field({
    type: CustomerType,
    nullable: true,
    permission: 'customers:view',
    objectAt: 'id',
    description: 'One customer; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  customers: t.connection(
    {
      type: CustomerType,
      permission: 'customers:view',
      description: 'The customers of your organization, oldest first unless said.',
      args: {
        filter: t.arg({ type: CustomerFilterInput, description: 'Only these.' }),
        orderBy: t.arg({ type: NamedOrderInput, description: 'In this order.' }),
      },
      resolve: (_, args, context) => listNamed(context, CustomerEntity, args),
    },
    { name: 'CustomerConnection', description: 'A page of customers.' },
    { name: 'CustomerEdge', description: 'A customer with its cursor.' },
  ),
}))

const CreateCustomerInput = builder.inputType('CreateCustomerInput', {
  description: 'A new customer.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    workspaceId: t.id({ required: true, description: 'Where it lives.' }),
    name: t.string({ required: true, description: '1 to 128 characters, unique in the workspace.' }),
  }),
})

const UpdateCustomerInput = builder.inputType('UpdateCustomerInput', {
  description: 'What to change about a customer.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The customer.' }),
    name: t.string({ required: true, description: 'Its new name.' }),
  }),
})

builder.mutationFields((t) => ({
  createCustomer: t.field({
    type: CustomerType,
    permission: 'customers:create',
    description: 'Creates a customer.',
    errors: { types: [NotFound, NameTaken, IdempotencyKeyReused] },
    args: { input: t.arg({ type: CreateCustomerInput, required: true, description: 'The customer.' }) },
    resolve: (_, { input }, { services, actor }) => createCustomer(services, actor, input),
  }),
  updateCustomer: t.field({
    type: CustomerType,
    permission: 'customers:update',
    objectAt: 'input.id',
    description: 'Renames a customer.',
    errors: { types: [NotFound, NameTaken, StaleUpdate] },
    args: { input: t.arg({ type: UpdateCustomerInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => updateCustomer(services, actor, input),
  }),
  deleteCustomer: t.field({
    type: DeletedType,
    permission: 'customers:delete',
    objectAt: 'input.id',
    description: 'Deletes a customer on which nothing depends, with its budget and limit.',
    errors: { types: [NotFound, InUse] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The customer.' }) },
    resolve: (_, { input }, { services, actor }) => deleteCustomer(services, actor, input.id),
  }),
}))
