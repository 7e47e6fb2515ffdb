import { builder } from '../../graphql/builder.ts'
import { expectedVersionField, StaleUpdate, versionDescription } from '../../graphql/concurrency-fields.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { type Organization, OrganizationEntity } from './entity.ts'
import { readOrganization, updateOrganization } from './service.ts'

registerNodeType('org', 'Organization')

export const OrganizationType = builder.loadableNodeRef('Organization', {
  id: { resolve: (organization: Organization) => organization.id },
  load: (ids: string[], context) => loadVisible(context, 'organization:view', OrganizationEntity, ids),
})

OrganizationType.implement({
  description: 'The tenant: everything else belongs to one organization and is seen by no other.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What people call it.' }),
    version: t.exposeInt('version', { description: versionDescription }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

builder.queryField('organization', (t) =>
  t.field({
    type: OrganizationType,
    permission: 'organization:view',
    description: 'Your organization.',
    resolve: (_, _args, { services, actor }) => readOrganization(services, actor),
  }),
)

const UpdateOrganizationInput = builder.inputType('UpdateOrganizationInput', {
  description: 'What to change about your organization.',
  fields: (t) => ({
    ...expectedVersionField(t),
    name: t.string({ required: true, description: 'Its new name, 1 to 128 characters.' }),
  }),
})

builder.mutationField('updateOrganization', (t) =>
  t.field({
    type: OrganizationType,
    permission: 'organization:update',
    description: 'Renames your organization.',
    errors: { types: [StaleUpdate] },
    args: { input: t.arg({ type: UpdateOrganizationInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => updateOrganization(services, actor, input),
  }),
)
