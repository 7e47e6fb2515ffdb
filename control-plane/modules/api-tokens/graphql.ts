import type { SystemRole } from '../../../contract/permissions.ts'
import { prefixOf } from '../../db/id.ts'
import { builder } from '../../graphql/builder.ts'
import { AlreadyIssued, IdempotencyKeyReused, idempotencyKeyField } from '../../graphql/concurrency-fields.ts'
import { ByIdInput } from '../../graphql/deleted.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { listPage } from '../../graphql/pagination.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { RightsExceeded, RoleType, SystemRoleType, systemRoleId } from '../roles/index.ts'
import { UserType } from '../users/index.ts'
import { WorkspaceType } from '../workspaces/index.ts'
import { type ApiToken, ApiTokenEntity } from './entity.ts'
import { type IssuedApiToken, issueApiToken, revokeApiToken } from './service.ts'

registerNodeType('tok', 'ApiToken')

export const ApiTokenType = builder.loadableNodeRef('ApiToken', {
  id: { resolve: (token: ApiToken) => token.id },
  load: async (ids: string[], context) => {
    const tokens = await loadVisible(context, 'api_tokens:view', ApiTokenEntity, ids)
    return tokens.map((token) => (token && context.actor.reaches(token.workspaceId) ? token : null))
  },
})

const FormerSecretType = builder
  .objectRef<{ readonly expiresAt: Date; readonly lastUsedAt: Date | null }>('FormerApiTokenSecret')
  .implement({
    description: 'The secret that an API token had before. It is never shown.',
    fields: (t) => ({
      expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it stops working, or did.' }),
      lastUsedAt: t.expose('lastUsedAt', {
        type: 'DateTime',
        nullable: true,
        description:
          'When it was used last, to the minute; null: not since it is noted. Whoever uses it still has the old one.',
      }),
    }),
  })

ApiTokenType.implement({
  description: 'A credential for this API. Its secret is shown once, when it is issued.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What people call it.' }),
    role: t.field({
      type: RoleType,
      nullable: true,
      description:
        'What it may do; null when you may not see roles, or it has ended and its role is deleted.',
      resolve: ({ roleId }) => roleId,
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'The user that it stands for: it may do no more than their roles allow.',
      resolve: ({ userId }) => userId,
    }),
    knownTo: t.field({
      type: UserType,
      nullable: true,
      description:
        'The user who was shown its present secret: whoever issued it or rotated it last, by a token of theirs too, and be it for somebody else. A token that stands for nobody works on when they leave: `rotateApiToken` gives it a secret that they do not know. Null: nobody known, or a user who is deleted or whom you may not see.',
      resolve: ({ shownTo }) => (shownTo !== null && prefixOf(shownTo) === 'usr' ? shownTo : null),
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
    rotatedAt: t.expose('rotatedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it got its present secret; null: it has its first one.',
    }),
    lastUsedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its present secret was used last, to the minute; null: never.',
      resolve: ({ lastUsedAt }) => lastUsedAt ?? null,
    }),
    formerSecret: t.field({
      type: FormerSecretType,
      nullable: true,
      description: 'The secret before its last rotation; null: there is none, or it ended with the rotation.',
      resolve: ({ formerExpiresAt, formerLastUsedAt }) =>
        formerExpiresAt && { expiresAt: formerExpiresAt, lastUsedAt: formerLastUsedAt ?? null },
    }),
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
        const { workspaceIds } = context.actor
        const where = workspaceIds === null ? {} : { workspaceId: { $in: [...workspaceIds] } }
        return listPage(context, ApiTokenEntity, page, { where })
      },
    },
    { name: 'ApiTokenConnection', description: 'A page of API tokens.' },
    { name: 'ApiTokenEdge', description: 'An API token with its cursor.' },
  ),
}))

export const IssuedApiTokenType = builder.objectRef<IssuedApiToken>('IssuedApiToken').implement({
  description: 'A token and its secret.',
  fields: (t) => ({
    apiToken: t.expose('apiToken', { type: ApiTokenType, description: 'The token.' }),
    secret: t.exposeString('secret', {
      description: 'Send it as `Authorization: Bearer …` or `X-API-Key: …`. Shown here and never again.',
    }),
  }),
})

const IssueApiTokenInput = builder.inputType('IssueApiTokenInput', {
  description: 'A new API token.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    name: t.string({ required: true, description: '1 to 128 characters.' }),
    role: t.field({ type: SystemRoleType, description: 'A system role; instead of `roleId`.' }),
    roleId: t.id({ description: 'What it may do: nothing that you may not. Instead of `role`.' }),
    userId: t.id({ description: 'The user that it stands for, whose roles bound it.' }),
    workspaceId: t.id({ description: 'Confines it to this workspace.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it stops working; without: never.' }),
  }),
})

/** @throws BadUserInput unless exactly one of the two is given. */
function roleIdOf(input: {
  readonly role?: SystemRole | null | undefined
  readonly roleId?: string | null | undefined
}): string {
  const { role, roleId } = input
  if (role != null && roleId == null) return systemRoleId(role)
  if (roleId != null && role == null) return roleId
  throw new BadUserInput('roleId', 'name either a role by its id, or a system role in "role"')
}

builder.mutationFields((t) => ({
  issueApiToken: t.field({
    type: IssuedApiTokenType,
    permission: 'api_tokens:create',
    description: 'Issues an API token.',
    errors: { types: [NotFound, RightsExceeded, IdempotencyKeyReused, AlreadyIssued] },
    args: { input: t.arg({ type: IssueApiTokenInput, required: true, description: 'The token.' }) },
    resolve: (_, { input }, { services, actor }) =>
      issueApiToken(services, actor, { ...input, roleId: roleIdOf(input) }),
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
