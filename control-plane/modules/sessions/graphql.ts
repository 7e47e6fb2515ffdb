import { builder } from '../../graphql/builder.ts'
import { ByIdInput, DeletedType } from '../../graphql/deleted.ts'
import { NotFound } from '../../graphql/refusals.ts'
import type { Session } from '../../sessions/session.ts'
import { IdentityProviderType } from '../identity-providers/index.ts'
import { UserType } from '../users/index.ts'
import { listSessions, revokeAllSessions, revokeSession, revokeSessionsOfUser } from './service.ts'

const SessionType = builder.objectRef<Session>('Session').implement({
  description: 'A browser in which somebody is signed in.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id; no credential.' }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'Who; null when you may not see users.',
      resolve: ({ userId }) => userId,
    }),
    identityProvider: t.field({
      type: IdentityProviderType,
      nullable: true,
      description: 'Where they signed in; null when you may not see identity providers.',
      resolve: ({ providerId }) => providerId,
    }),
    isCurrent: t.boolean({
      description: 'Whether it is the one that asks.',
      resolve: ({ id }, _args, { actor }) => actor.signIn?.sessionId === id,
    }),
    userAgent: t.exposeString('userAgent', { description: 'What the browser called itself.' }),
    address: t.exposeString('address', { description: 'The address that it came from when they signed in.' }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When they signed in.',
      resolve: ({ createdAt }) => new Date(createdAt),
    }),
    lastSeenAt: t.field({
      type: 'DateTime',
      description: 'When it was used last, to the minute.',
      resolve: ({ lastSeenAt }) => new Date(lastSeenAt),
    }),
    unverifiedSince: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'Since when its identity provider, which is away, has not confirmed it as it is to every 15 minutes (`SESSION_CHECK_MINUTES`); null: nothing is overdue. It ends when that has lasted for an hour.',
      resolve: (session, _args, { services }) => {
        const since = services.sessions.unverifiedSince(session)
        return since === null ? null : new Date(since)
      },
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When they have to sign in again at the latest.',
      resolve: ({ expiresAt }) => new Date(expiresAt),
    }),
  }),
})

builder.queryField('sessions', (t) =>
  t.field({
    type: [SessionType],
    permission: 'authenticated',
    description:
      'Where you are signed in, the last seen first; of another user with the permission `sessions:view`.',
    args: { userId: t.arg.id({ description: 'The user; you unless said.' }) },
    resolve: (_, { userId }, { services, actor }) => {
      const id = userId ?? actor.user?.id
      return id == null ? [] : listSessions(services, actor, id)
    },
  }),
)

const RevokeSessionsOfUserInput = builder.inputType('RevokeSessionsOfUserInput', {
  description: 'Whose sessions are to end.',
  fields: (t) => ({ userId: t.id({ required: true, description: 'The user.' }) }),
})

const EndedSessionsType = builder.objectRef<{ readonly count: number }>('EndedSessions').implement({
  description: 'That sessions have ended.',
  fields: (t) => ({ count: t.exposeInt('count', { description: 'How many.' }) }),
})

const RevokeAllSessionsInput = builder.inputType('RevokeAllSessionsInput', {
  description: 'Which sessions of the organization are to end.',
  fields: (t) => ({
    before: t.field({
      type: 'DateTime',
      description:
        'Those that began before, such as when a backup of the session store was made; all unless said.',
    }),
  }),
})

const SignedOutType = builder.objectRef<{ readonly before: Date }>('OrganizationSignedOut').implement({
  description: 'That sessions of the organization have ended.',
  fields: (t) => ({
    before: t.expose('before', { type: 'DateTime', description: 'Those that began before.' }),
  }),
})

builder.mutationFields((t) => ({
  revokeAllSessions: t.field({
    type: SignedOutType,
    permission: 'sessions:revoke',
    description:
      'Signs everybody of the organization out at once, yourself too, and ends access tokens and tokens of JWT providers from before, on every data plane. For when a store of sessions was restored, or may have been copied: what it holds of before is worth nothing.',
    args: { input: t.arg({ type: RevokeAllSessionsInput, required: true, description: 'Which.' }) },
    resolve: (_, { input }, { services, actor }) => revokeAllSessions(services, actor, input.before ?? null),
  }),
  revokeSession: t.field({
    type: DeletedType,
    permission: 'sessions:revoke',
    description:
      'Signs out one browser at once. Your own: `POST /auth/logout?session=<id>`, without any permission.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The session.' }) },
    resolve: (_, { input }, { services, actor }) => revokeSession(services, actor, input.id),
  }),
  revokeSessionsOfUser: t.field({
    type: EndedSessionsType,
    permission: 'sessions:revoke',
    description:
      'Signs a user out everywhere at once, and ends access tokens and tokens of JWT providers from before, on every data plane.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: RevokeSessionsOfUserInput, required: true, description: 'Whose.' }) },
    resolve: async (_, { input }, { services, actor }) => ({
      count: await revokeSessionsOfUser(services, actor, input.userId),
    }),
  }),
}))
