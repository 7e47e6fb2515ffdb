import { builder } from '../../graphql/builder.ts'
import { AlreadyIssued, IdempotencyKeyReused, idempotencyKeyField } from '../../graphql/concurrency-fields.ts'
import { NotFound } from '../../graphql/refusals.ts'
import {
  IssuedVirtualKeyType,
  KeyRevoked,
  labelFields,
  placeFields,
  VirtualKeyType,
} from '../virtual-keys/index.ts'
import { followAccessProfile, issueVirtualKeyFromProfile, leaveAccessProfile } from './followers.ts'

const IssueVirtualKeyFromProfileInput = builder.inputType('IssueVirtualKeyFromProfileInput', {
  description: 'A new key whose providers and terms its profile decides.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    accessProfileId: t.id({ required: true, description: 'The profile that it follows.' }),
    ...placeFields(t),
    ...labelFields(t),
  }),
})

const FollowAccessProfileInput = builder.inputType('FollowAccessProfileInput', {
  description: 'Lets a key follow a profile.',
  fields: (t) => ({
    virtualKeyId: t.id({ required: true, description: 'The key.' }),
    accessProfileId: t.id({ required: true, description: 'The profile.' }),
  }),
})

const LeaveAccessProfileInput = builder.inputType('LeaveAccessProfileInput', {
  description: 'Lets a key leave its profile.',
  fields: (t) => ({ virtualKeyId: t.id({ required: true, description: 'The key.' }) }),
})

builder.mutationFields((t) => ({
  issueVirtualKeyFromProfile: t.field({
    type: IssuedVirtualKeyType,
    permission: 'virtual_keys:create',
    description:
      'Issues a virtual key that follows an access profile: a change of the profile changes the key. What the profile decides cannot be changed on the key.',
    errors: { types: [NotFound, IdempotencyKeyReused, AlreadyIssued] },
    args: {
      input: t.arg({ type: IssueVirtualKeyFromProfileInput, required: true, description: 'The key.' }),
    },
    resolve: (_, { input }, { services, actor }) => issueVirtualKeyFromProfile(services, actor, input),
  }),
  followAccessProfile: t.field({
    type: VirtualKeyType,
    permission: 'virtual_keys:update',
    description:
      'Lets a key follow an access profile, which replaces its providers, terms and expiry. Budgets and limits that the profile has none of stay the key’s own. A key that follows another profile already needs the permission to change profiles.',
    errors: { types: [NotFound, KeyRevoked] },
    args: {
      input: t.arg({ type: FollowAccessProfileInput, required: true, description: 'Key and profile.' }),
    },
    resolve: (_, { input }, { services, actor }) => followAccessProfile(services, actor, input),
  }),
  leaveAccessProfile: t.field({
    type: VirtualKeyType,
    permission: 'access_profiles:update',
    description:
      'Lets a key leave the profile that it follows. It keeps all that the profile gave it, as its own.',
    errors: { types: [NotFound, KeyRevoked] },
    args: { input: t.arg({ type: LeaveAccessProfileInput, required: true, description: 'The key.' }) },
    resolve: (_, { input }, { services, actor }) => leaveAccessProfile(services, actor, input),
  }),
}))
