import type { InputFields } from '../graphql/builder.ts'
import { builder } from '../graphql/builder.ts'
import { NotFound } from '../graphql/refusals.ts'
import { approvable, approvalRefusals } from '../modules/access-changes/index.ts'
import {
  IdentityProviderType,
  type UserIdentity,
  UserIdentityEntity,
} from '../modules/identity-providers/index.ts'
import { RightsExceeded } from '../modules/roles/index.ts'
import { UserType } from '../modules/users/index.ts'
import { transactionOf } from '../service-context.ts'
import { IdentityTaken, linkIdentity, unlinkIdentity } from './linked-identities.ts'

const subjectRule =
  'How the provider names the person, and never another: `sub`, of Entra `oid`. A refused sign-in has it in the audit log (`user.sign_in_refused`).'

const UserIdentityType = builder.objectRef<UserIdentity>('UserIdentity').implement({
  description: 'Who a user is at an identity provider.',
  fields: (t) => ({
    identityProvider: t.field({
      type: IdentityProviderType,
      nullable: true,
      description: 'The provider.',
      resolve: ({ providerId }) => providerId,
    }),
    subject: t.exposeString('subject', { description: subjectRule }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When they signed in first, or were linked.',
    }),
    lastSignedInAt: t.expose('lastSignedInAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When they last signed in so; null: never.',
    }),
  }),
})

builder.objectField(UserType, 'identities', (t) =>
  t.loadableList({
    type: UserIdentityType,
    permission: 'identity_providers:view',
    description: 'Who they are at identity providers, the oldest first.',
    load: async (ids: string[], { services, actor }) => {
      const identities = await transactionOf(services, actor, (em) =>
        em.find(UserIdentityEntity, { userId: { $in: ids } }, { orderBy: { id: 'asc' } }),
      )
      return ids.map((id) => identities.filter(({ userId }) => userId === id))
    },
    resolve: ({ id }) => id,
  }),
)

const identityFields = (t: InputFields) => ({
  userId: t.id({ required: true, description: 'The user.' }),
  identityProviderId: t.id({ required: true, description: 'The provider.' }),
  subject: t.string({ required: true, description: subjectRule }),
})
const LinkIdentityInput = builder.inputType('LinkIdentityInput', {
  description: 'Who a user is at an identity provider.',
  fields: identityFields,
})
const UnlinkIdentityInput = builder.inputType('UnlinkIdentityInput', {
  description: 'Who a user is no more at an identity provider.',
  fields: identityFields,
})

builder.mutationFields((t) => ({
  linkIdentity: t.field({
    type: UserType,
    permission: 'identity_providers:update',
    description:
      'Makes a user who is there already the one who signs in as this subject, such as after `email_taken`. It needs `users:update` too, and every role that the user has.',
    errors: { types: [NotFound, IdentityTaken, RightsExceeded, ...approvalRefusals] },
    args: { input: t.arg({ type: LinkIdentityInput, required: true, description: 'Who is who.' }) },
    resolve: approvable('linkIdentity', linkIdentity),
  }),
  unlinkIdentity: t.field({
    type: UserType,
    permission: 'identity_providers:update',
    description:
      'Parts a user from a subject: their sessions of that provider end, and the role that it gave goes, with the last identity its teams too. It needs `users:update` too.',
    errors: { types: [NotFound, ...approvalRefusals] },
    args: { input: t.arg({ type: UnlinkIdentityInput, required: true, description: 'Who is who no more.' }) },
    resolve: approvable('unlinkIdentity', unlinkIdentity),
  }),
}))
