import type { SystemRole } from '../../../contract/permissions.ts'
import { builder } from '../../graphql/builder.ts'
import { ByIdInput } from '../../graphql/deleted.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { listPage } from '../../graphql/pagination.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { SystemRoleType } from '../roles/index.ts'
import { WorkspaceType } from '../workspaces/index.ts'
import { type ApiToken, ApiTokenEntity } from './entity.ts'
import { type IssuedApiToken, issueApiToken, revokeApiToken } from './service.ts'

registerNodeType('tok', 'ApiToken')

export const ApiTokenType = builder.loadableNodeRef('ApiToken', {
  id: { resolve: (token: ApiToken) => token.id },
  load: async (ids: string[], context) => {
    const tokens = await loadVisible(context, 'api_tokens:view', ApiTokenEntity, ids)
    const own = context.actor.workspaceId
    return tokens.map((token) => (own === null || token?.workspaceId === own ? token : null))
  },
})

ApiTokenType.implement({
  description: 'A credential for this API. Its secret is shown once, when it is issued.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What people call it.' }),
    role: t.field({
      type: SystemRoleType,
      description: 'What it may do.',
      resolve: ({ role }): SystemRole => role,
    }),
    workspace: t.field({
      type: WorkspaceType,
      nullable: true,
      description: 'The only workspace that it reaches; null: all of the organization.',
      resolve: ({ workspaceId }) => workspaceId,
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it stops working; null: never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null while it is not.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was issued.' }),
  }),
})

builder.queryFields((t) => ({
  apiToken: t.field({
    type: ApiTokenType,
    nullable: true,
    permission: 'api_tokens:view',
    description: 'One API token; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  apiTokens: t.connection(
    {
      type: ApiTokenType,
      permission: 'api_tokens:view',
      description: 'The API tokens of your organization, revoked ones included, oldest first.',
      resolve: (_, page, context) => {
        const { workspaceId } = context.actor
        return listPage(context, ApiTokenEntity, page, workspaceId === null ? {} : { where: { workspaceId } })
      },
    },
    { name: 'ApiTokenConnection', description: 'A page of API tokens.' },
    { name: 'ApiTokenEdge', description: 'An API token with its cursor.' },
  ),
}))

const IssuedApiTokenType = builder.objectRef<IssuedApiToken>('IssuedApiToken').implement({
  description: 'A token and its secret.',
  fields: (t) => ({
    apiToken: t.expose('apiToken', { type: ApiTokenType, description: 'The token.' }),
    secret: t.exposeString('secret', {
      description: 'Send it as `Authorization: Bearer …`. Shown here and never again.',
    }),
  }),
})

const IssueApiTokenInput = builder.inputType('IssueApiTokenInput', {
  description: 'A new API token.',
  fields: (t) => ({
    name: t.string({ required: true, description: '1 to 128 characters.' }),
    role: t.field({ type: SystemRoleType, required: true, description: 'At most your own.' }),
    workspaceId: t.id({ description: 'Confines it to this workspace.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it stops working; without: never.' }),
  }),
})

builder.mutationFields((t) => ({
  issueApiToken: t.field({
    type: IssuedApiTokenType,
    permission: 'api_tokens:create',
    description: 'Issues an API token.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: IssueApiTokenInput, required: true, description: 'The token.' }) },
    resolve: (_, { input }, { services, actor }) => issueApiToken(services, actor, input),
  }),
  revokeApiToken: t.field({
    type: ApiTokenType,
    permission: 'api_tokens:revoke',
    description: 'Ends an API token at once.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The token.' }) },
    resolve: (_, { input }, { services, actor }) => revokeApiToken(services, actor, input.id),
  }),
}))
