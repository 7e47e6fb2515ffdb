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
import { type Workspace, WorkspaceEntity } from './entity.ts'
import { createWorkspace, deleteWorkspace, updateWorkspace } from './service.ts'

registerNodeType('ws', 'Workspace')

export const WorkspaceType = builder.loadableNodeRef('Workspace', {
  id: { resolve: (workspace: Workspace) => workspace.id },
  load: (ids: string[], context) => loadVisible(context, 'workspaces:view', WorkspaceEntity, ids),
})

WorkspaceType.implement({
  description: 'A part of an organization; customers, teams and virtual keys live in one.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', { description: 'Unique in the organization.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

const WorkspaceFilterInput = builder.inputType('WorkspaceFilter', {
  description: 'Which workspaces; all conditions must hold.',
  fields: (t) => ({
    search: t.string({ description: searchDescription }),
  }),
})

builder.queryFields((t) => ({
  workspace: t.field({
    type: WorkspaceType,
    nullable: true,
    permission: 'workspaces:view',
    description: 'One workspace; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  workspaces: t.connection(
    {
      type: WorkspaceType,
      permission: 'workspaces:view',
      description: 'The workspaces of your organization, oldest first unless said.',
      args: {
        filter: t.arg({ type: WorkspaceFilterInput, description: 'Only these.' }),
        orderBy: t.arg({ type: NamedOrderInput, description: 'In this order.' }),
      },
      resolve: (_, args, context) => listNamed(context, WorkspaceEntity, args),
    },
    { name: 'WorkspaceConnection', description: 'A page of workspaces.' },
    { name: 'WorkspaceEdge', description: 'A workspace with its cursor.' },
  ),
}))

const CreateWorkspaceInput = builder.inputType('CreateWorkspaceInput', {
  description: 'A new workspace.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    name: t.string({ required: true, description: '1 to 128 characters, unique.' }),
  }),
})

const UpdateWorkspaceInput = builder.inputType('UpdateWorkspaceInput', {
  description: 'What to change about a workspace.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The workspace.' }),
    name: t.string({ required: true, description: 'Its new name.' }),
  }),
})

builder.mutationFields((t) => ({
  createWorkspace: t.field({
    type: WorkspaceType,
    permission: 'workspaces:create',
    description: 'Creates a workspace.',
    errors: { types: [NameTaken, IdempotencyKeyReused] },
    args: { input: t.arg({ type: CreateWorkspaceInput, required: true, description: 'The workspace.' }) },
    resolve: (_, { input }, { services, actor }) => createWorkspace(services, actor, input),
  }),
  updateWorkspace: t.field({
    type: WorkspaceType,
    permission: 'workspaces:update',
    description: 'Renames a workspace.',
    errors: { types: [NotFound, NameTaken, StaleUpdate] },
    args: { input: t.arg({ type: UpdateWorkspaceInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => updateWorkspace(services, actor, input),
  }),
  deleteWorkspace: t.field({
    type: DeletedType,
    permission: 'workspaces:delete',
    description: 'Deletes an empty workspace.',
    errors: { types: [NotFound, InUse] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The workspace.' }) },
    resolve: (_, { input }, { services, actor }) => deleteWorkspace(services, actor, input.id),
  }),
}))
