import type { Actor } from '../../actor.ts'
import { requireRow } from '../../db/require-row.ts'
import { builder } from '../../graphql/builder.ts'
import { transactionOf } from '../../service-context.ts'
import { OrganizationType } from '../organizations/index.ts'
import { UserType } from '../users/index.ts'
import { WorkspaceType } from '../workspaces/index.ts'
import { RoleEntity } from './entity.ts'
import { RoleType, RowScopeType } from './types.ts'

type ObjectGrant = readonly [objectId: string, permissions: ReadonlySet<string>]

const ObjectGrantType = builder.objectRef<ObjectGrant>('ObjectGrant').implement({
  description: 'What you may do to one object alone.',
  fields: (t) => ({
    objectId: t.id({ description: 'The object: ask `node(id)`.', resolve: ([objectId]) => objectId }),
    permissions: t.stringList({
      description: 'What you may do to it, each as `resource:operation`.',
      resolve: ([, permissions]) => [...permissions].sort(),
    }),
  }),
})

const ViewerType = builder.objectRef<Actor>('Viewer').implement({
  description: 'You: whoever sent this request.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Your id as a user, or that of your API token.' }),
    name: t.exposeString('name', { description: 'Your name, or that of your API token.' }),
    role: t.field({
      type: RoleType,
      description: 'Your role, even when you may not see others.',
      resolve: ({ roleId }, _args, { services, actor }) =>
        transactionOf(services, actor, (em) => requireRow(em, RoleEntity, 'role', roleId)),
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'The user that you stand for; null: none, or you may not see users.',
      resolve: ({ user }) => user?.id ?? null,
    }),
    organization: t.field({
      type: OrganizationType,
      nullable: true,
      description: 'Your organization.',
      resolve: ({ organizationId }) => organizationId,
    }),
    workspaces: t.field({
      type: [WorkspaceType],
      nullable: { list: true, items: true },
      description: 'The only workspaces that you reach; null: all of the organization.',
      resolve: ({ workspaceIds }) => workspaceIds,
    }),
    permissions: t.stringList({
      description: 'What you may do now, each as `resource:operation`.',
      resolve: ({ permissions }) => [...permissions].sort(),
    }),
    objectGrants: t.field({
      type: [ObjectGrantType],
      description: 'What you may do besides, to single objects.',
      resolve: ({ objectGrants }) => [...objectGrants],
    }),
    rowScope: t.field({
      type: RowScopeType,
      description: 'Whose virtual keys, usage and audit events you see.',
      resolve: ({ rowScope }) => rowScope,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the first of your rights ends; null: none does by itself.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({
    type: ViewerType,
    permission: 'authenticated',
    description: 'You: whoever sent this request.',
    resolve: (_, _args, { actor }) => actor,
  }),
)
