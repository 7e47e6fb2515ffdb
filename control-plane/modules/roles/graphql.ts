import { type SystemRole, systemRoles } from '../../../contract/permissions.ts'
import type { Actor } from '../../actor.ts'
import { builder } from '../../graphql/builder.ts'
import { OrganizationType } from '../organizations/index.ts'
import { WorkspaceType } from '../workspaces/index.ts'

export const SystemRoleType = builder.enumType('SystemRole', {
  description: 'The roles that every organization has.',
  values: {
    ADMIN: { value: 'admin', description: 'Everything.' },
    DEVELOPER: { value: 'developer', description: 'Reads, and works with virtual keys.' },
    VIEWER: { value: 'viewer', description: 'Reads.' },
  } as const,
})

interface RoleDefinition {
  readonly name: SystemRole
  readonly privilegeLevel: number
  readonly permissions: readonly string[]
}

const RoleType = builder.objectRef<RoleDefinition>('Role').implement({
  description: 'A set of permissions.',
  fields: (t) => ({
    name: t.expose('name', { type: SystemRoleType, description: 'Its name.' }),
    privilegeLevel: t.exposeInt('privilegeLevel', {
      description: 'Orders the roles: nobody hands out a higher one than their own.',
    }),
    permissions: t.stringList({
      description: 'What it allows, each as `resource:operation`.',
      resolve: ({ permissions }) => [...permissions].sort(),
    }),
  }),
})

const ViewerType = builder.objectRef<Actor>('Viewer').implement({
  description: 'You: whoever sent this request.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of your API token.' }),
    name: t.exposeString('name', { description: 'The name of your API token.' }),
    role: t.field({
      type: SystemRoleType,
      description: 'Your role.',
      resolve: ({ role }): SystemRole => role,
    }),
    organization: t.field({
      type: OrganizationType,
      nullable: true,
      description: 'Your organization.',
      resolve: ({ organizationId }) => organizationId,
    }),
    workspace: t.field({
      type: WorkspaceType,
      nullable: true,
      description: 'The only workspace that you reach; null: all of the organization.',
      resolve: ({ workspaceId }) => workspaceId,
    }),
    permissions: t.stringList({
      description: 'What you may do, each as `resource:operation`.',
      resolve: ({ permissions }) => [...permissions].sort(),
    }),
  }),
})

builder.queryFields((t) => ({
  viewer: t.field({
    type: ViewerType,
    permission: 'authenticated',
    description: 'You: whoever sent this request.',
    resolve: (_, _args, { actor }) => actor,
  }),
  roles: t.field({
    type: [RoleType],
    permission: 'roles:view',
    description: 'The roles of your organization, the most privileged first.',
    resolve: () =>
      Object.entries(systemRoles).map(([name, definition]) => ({ ...definition, name: name as SystemRole })),
  }),
}))
