import { builder } from '../../graphql/builder.ts'
import { AlreadyIssued, IdempotencyKeyReused, repeatKeyField } from '../../graphql/concurrency-fields.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { transactionOf } from '../../service-context.ts'
import { RightsExceeded } from '../roles/index.ts'
import { UserType } from '../users/index.ts'
import { type BreakGlassAccount, BreakGlassAccountEntity } from './entity.ts'
import { type GrantedBreakGlass, grantBreakGlass, revokeBreakGlass } from './service.ts'

const BreakGlassType = builder.objectRef<BreakGlassAccount>('BreakGlass').implement({
  description: 'That a user may sign in with a local password and a code, when no identity provider answers.',
  fields: (t) => ({
    grantedAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was granted.' }),
    enrolledAt: t.expose('enrolledAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When they had chosen a password and confirmed it with a code; null: they cannot sign in yet.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When they signed in so last; null: never.',
    }),
  }),
})

builder.objectField(UserType, 'breakGlass', (t) =>
  t.loadable({
    type: BreakGlassType,
    nullable: true,
    permission: 'identity_providers:view',
    description: 'Whether they may sign in with a local password; null: they may not.',
    load: async (ids: string[], { services, actor }) => {
      const accounts = await transactionOf(services, actor, (em) =>
        em.find(BreakGlassAccountEntity, { userId: { $in: ids } }),
      )
      return ids.map((id) => accounts.find(({ userId }) => userId === id) ?? null)
    },
    resolve: ({ id }) => id,
  }),
)

const GrantedBreakGlassType = builder.objectRef<GrantedBreakGlass>('GrantedBreakGlass').implement({
  description: 'A user who may choose a local password now.',
  fields: (t) => ({
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'Who; null when you may not see users.',
      resolve: ({ user }) => user.id,
    }),
    enrolmentSecret: t.exposeString('enrolmentSecret', {
      description:
        'With it the user chooses a password on the console’s page `/break-glass/enrolment` or at `POST /auth/break-glass/enrolment`, once. Shown here and never again.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'Until when they have to have done so.',
    }),
  }),
})

const GrantBreakGlassInput = builder.inputType('GrantBreakGlassInput', {
  description: 'Who is to have a local password.',
  fields: (t) => ({
    ...repeatKeyField(t),
    userId: t.id({ required: true, description: 'The user: one who may do nothing that you may not.' }),
  }),
})

const RevokeBreakGlassInput = builder.inputType('RevokeBreakGlassInput', {
  description: 'Who is to have no local password any more.',
  fields: (t) => ({ userId: t.id({ required: true, description: 'The user.' }) }),
})

builder.mutationFields((t) => ({
  grantBreakGlass: t.field({
    type: GrantedBreakGlassType,
    permission: 'identity_providers:update',
    description:
      'Lets a user sign in with a local password and a code of an authenticator, for the day on which no identity provider answers. One who had it has to choose a password anew.',
    errors: { types: [NotFound, RightsExceeded, AlreadyIssued, IdempotencyKeyReused] },
    args: { input: t.arg({ type: GrantBreakGlassInput, required: true, description: 'Who.' }) },
    resolve: (_, { input }, { services, actor }) => grantBreakGlass(services, actor, input),
  }),
  revokeBreakGlass: t.field({
    type: UserType,
    permission: 'identity_providers:update',
    description: 'Takes the local password of a user away, and ends the sessions that began with it.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: RevokeBreakGlassInput, required: true, description: 'Who.' }) },
    resolve: (_, { input }, { services, actor }) => revokeBreakGlass(services, actor, input),
  }),
}))
