import { builder } from '../../graphql/builder.ts'
import type { RequestContext } from '../../graphql/context.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { listPage } from '../../graphql/pagination.ts'
import { transactionOf } from '../../service-context.ts'
import { ApiTokenEntity, ApiTokenType } from '../api-tokens/index.ts'
import {
  IdentityProviderEntity,
  IdentityProviderType,
  UserIdentityEntity,
} from '../identity-providers/index.ts'
import { UserType } from '../users/index.ts'
import { type AccessReview, readReview, whereAssigned, whereLive } from './access-review.ts'
import { RoleAssignmentEntity } from './entity.ts'
import { RoleAssignmentType } from './types.ts'

const AccessReviewFilterInput = builder.inputType('AccessReviewFilter', {
  description: 'Which access; all conditions must hold.',
  fields: (t) => ({
    userId: t.id({
      description:
        'Of this user: their roles, and the API tokens that stand for them or whose secret they were shown. Before somebody leaves, or after: revoke or rotate those.',
    }),
    roleId: t.id({ description: 'By this role itself, not by one that inherits from it.' }),
    permission: t.string({
      description:
        'By roles that have this permission, inherited ones included: one `resource:operation`. Whether somebody may really use it somewhere says `explainPermission`.',
    }),
    ended: t.boolean({
      description:
        'Of roles that users have: true for those alone that have ended, false for those alone that have not.',
    }),
  }),
})

const AccessReviewType = builder.objectRef<AccessReview>('AccessReview').implement({
  description: 'Who has access to your organization: users by their roles, and API tokens.',
  fields: (t) => ({
    assignments: t.connection(
      {
        type: RoleAssignmentType,
        description:
          'Every role that a user has, ended ones included until they are removed, the oldest first. Each tells since when, until when, for what and who gave it; its user tells whether they are active and when they last signed in.',
        resolve: (review, page, context) =>
          listPage(context, RoleAssignmentEntity, page, {
            where: whereAssigned(review, context.services.now()),
          }),
      },
      { name: 'AccessReviewAssignmentConnection', description: 'A page of roles that users have.' },
      { name: 'AccessReviewAssignmentEdge', description: 'A role that a user has with its cursor.' },
    ),
    apiTokens: t.connection(
      {
        type: ApiTokenType,
        nullable: true,
        description:
          'Every API token that is neither revoked nor expired, the oldest first. One whose user is inactive is listed, though it does not work while they are. It needs `api_tokens:view`; without it, this alone is null, with an error.',
        resolve: (review, page, context) => {
          context.actor.require('api_tokens:view')
          const where = whereLive(review, context.actor, context.services.now())
          return listPage(context, ApiTokenEntity, page, { where })
        },
      },
      { name: 'AccessReviewApiTokenConnection', description: 'A page of API tokens that work.' },
      { name: 'AccessReviewApiTokenEdge', description: 'An API token with its cursor.' },
    ),
  }),
})

builder.queryField('accessReview', (t) =>
  t.field({
    type: AccessReviewType,
    permission: 'roles:view',
    description:
      'Who has which role, for what, since when and until when, and who gave it: for those who confirm from time to time that all of it is still right.',
    args: { filter: t.arg({ type: AccessReviewFilterInput, description: 'Only this access.' }) },
    resolve: (_, { filter }, context) => readReview(context, filter ?? {}),
  }),
)

const RoleAssignmentSourceType = builder.enumType('RoleAssignmentSource', {
  description: 'Who gave a role.',
  values: {
    MANUAL: {
      value: 'manual',
      description: 'Somebody with `assignRole`: the audit event `role.assigned` of the assignment says who.',
    },
    IDENTITY_PROVIDER: {
      value: 'identity_provider',
      description:
        'An identity provider, by what it said at a sign-in; it changes the role at the next one if it says something else.',
    },
  } as const,
})

/** Which identity provider gave each of these assignments. */
async function readGivers(ids: readonly string[], { services, actor }: RequestContext) {
  const identities = await transactionOf(services, actor, (em) =>
    em.find(UserIdentityEntity, { roleAssignmentId: { $in: [...ids] } }),
  )
  return new Map(identities.map(({ roleAssignmentId, providerId }) => [roleAssignmentId, providerId]))
}

builder.objectFields(RoleAssignmentType, (t) => ({
  source: t.loadable({
    type: RoleAssignmentSourceType,
    description: 'Who gave it.',
    load: async (ids: string[], context) => {
      const givers = await readGivers(ids, context)
      return ids.map((id) => (givers.has(id) ? ('identity_provider' as const) : ('manual' as const)))
    },
    resolve: ({ id }) => id,
  }),
  givenBy: t.loadable({
    type: IdentityProviderType,
    nullable: true,
    description:
      'The identity provider that gave it; null: it was given by hand, see `source`, or you may not see identity providers.',
    load: async (ids: string[], context) => {
      const givers = await readGivers(ids, context)
      const providerIds = ids.map((id) => givers.get(id) ?? '')
      return loadVisible(context, 'identity_providers:view', IdentityProviderEntity, providerIds)
    },
    resolve: ({ id }) => id,
  }),
}))

builder.objectField(UserType, 'lastSignedInAt', (t) =>
  t.loadable({
    type: 'DateTime',
    nullable: true,
    permission: 'sessions:view',
    description:
      'When they last signed in, at whichever identity provider; null: never. What they do with API tokens is no sign-in.',
    load: async (ids: string[], { services, actor }) => {
      const identities = await transactionOf(services, actor, (em) =>
        em.find(
          UserIdentityEntity,
          { userId: { $in: ids }, lastSignedInAt: { $ne: null } },
          { orderBy: { lastSignedInAt: 'asc' } },
        ),
      )
      const last = new Map(identities.map(({ userId, lastSignedInAt }) => [userId, lastSignedInAt]))
      return ids.map((id) => last.get(id) ?? null)
    },
    resolve: ({ id }) => id,
  }),
)
