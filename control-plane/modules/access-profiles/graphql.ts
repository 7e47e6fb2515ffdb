import { builder, type InputFields } from '../../graphql/builder.ts'
import {
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
} from '../../graphql/concurrency-fields.ts'
import { ByIdInput, DeletedType } from '../../graphql/deleted.ts'
import { listPage } from '../../graphql/pagination.ts'
import { InUse, NameTaken, NotFound } from '../../graphql/refusals.ts'
import { BudgetModeType, BudgetPeriodType, BudgetWindowInputType } from '../budgets/index.ts'
import { ExpiryPresetType, ProviderConfigInputType, scopeFields } from '../virtual-keys/index.ts'
import { mostFollowers } from './apply-profile.ts'
import { AccessProfileEntity } from './entity.ts'
import './followers-graphql.ts'
import { createAccessProfile, deleteAccessProfile, updateAccessProfile } from './service.ts'
import { AccessProfileType, ProfilePurposeType } from './types.ts'

builder.queryFields((t) => ({
  accessProfile: t.field({
    type: AccessProfileType,
    nullable: true,
    permission: 'access_profiles:view',
    description: 'One access profile; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  accessProfiles: t.connection(
    {
      type: AccessProfileType,
      permission: 'access_profiles:view',
      description: 'The access profiles of your organization, oldest first.',
      resolve: (_, page, context) => listPage(context, AccessProfileEntity, page),
    },
    { name: 'AccessProfileConnection', description: 'A page of access profiles.' },
    { name: 'AccessProfileEdge', description: 'An access profile with its cursor.' },
  ),
}))

const ProfileBudgetInput = builder.inputType('ProfileBudgetInput', {
  description: 'A budget that each key of a profile has for itself.',
  fields: (t) => ({
    limit: t.field({
      type: 'NanoUsd',
      required: true,
      description: 'What each key may spend in one period, at least "1".',
    }),
    period: t.field({
      type: BudgetPeriodType,
      required: true,
      description: 'How long it lasts; each period at most once.',
    }),
    window: t.field({ type: BudgetWindowInputType, description: 'When its periods begin.' }),
    mode: t.field({
      type: BudgetModeType,
      description: 'What it sets aside before a call: `STRICT` unless said.',
    }),
  }),
})

const ProfileLimitInput = builder.inputType('ProfileRequestLimitInput', {
  description: 'A request limit that each key of a profile has for itself.',
  fields: (t) => ({
    maxRequests: t.int({
      description: 'The most calls of each key in one window, at least 1; null: they are not counted.',
    }),
    maxTokens: t.int({
      description: 'The most tokens of each key in one window, at least 1; null: they are not counted.',
    }),
    windowSeconds: t.int({
      required: true,
      description: 'How long the window is: 1 to 2678400 seconds; each length at most once.',
    }),
  }),
})

const termFields = (t: InputFields) => ({
  description: t.string({ description: 'What it is for: at most 1000 characters.' }),
  purpose: t.field({
    type: ProfilePurposeType,
    description:
      'What its keys are for; GENERAL unless said. CI is refused unless the profile names exactly one provider and one model of it and has a budget.',
  }),
  ...scopeFields(t),
  expiresIn: t.field({
    type: ExpiryPresetType,
    description:
      'How long a key lives from the time at which it begins to follow; null: for ever. A change does not reach the keys that follow already.',
  }),
  budgets: t.field({ type: [ProfileBudgetInput], description: 'What each key may spend; replaces all.' }),
  requestLimits: t.field({
    type: [ProfileLimitInput],
    description:
      'How many calls each key may make, and how many tokens they may use, at most 8 limits; replaces all.',
  }),
})

const CreateAccessProfileInput = builder.inputType('CreateAccessProfileInput', {
  description: 'A new template of virtual keys.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    name: t.string({ required: true, description: '1 to 128 characters, unique in the organization.' }),
    ...termFields(t),
    providerConfigs: t.field({
      type: [ProviderConfigInputType],
      required: true,
      description: 'The providers that its keys may use; without any they may call nothing.',
    }),
  }),
})

const UpdateAccessProfileInput = builder.inputType('UpdateAccessProfileInput', {
  description: 'What to change about a profile; a field that is left out stays as it is.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The profile.' }),
    name: t.string({ description: 'Its new name.' }),
    ...termFields(t),
    providerConfigs: t.field({
      type: [ProviderConfigInputType],
      description:
        'Replaces all of them. A key’s configuration of a provider that stays keeps its id, budgets and limits.',
    }),
  }),
})

builder.mutationFields((t) => ({
  createAccessProfile: t.field({
    type: AccessProfileType,
    permission: 'access_profiles:create',
    description: `Creates a template of virtual keys, which at most ${mostFollowers} keys may follow.`,
    errors: { types: [NotFound, NameTaken, IdempotencyKeyReused] },
    args: { input: t.arg({ type: CreateAccessProfileInput, required: true, description: 'The profile.' }) },
    resolve: (_, { input }, { services, actor }) => createAccessProfile(services, actor, input),
  }),
  updateAccessProfile: t.field({
    type: AccessProfileType,
    permission: 'access_profiles:update',
    description:
      'Changes a profile and every key that follows it, in one revision of the configuration. What the keys have spent stays spent.',
    errors: { types: [NotFound, NameTaken, StaleUpdate] },
    args: { input: t.arg({ type: UpdateAccessProfileInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => updateAccessProfile(services, actor, input),
  }),
  deleteAccessProfile: t.field({
    type: DeletedType,
    permission: 'access_profiles:delete',
    description: 'Deletes a profile that no key follows any more but revoked ones.',
    errors: { types: [NotFound, InUse] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The profile.' }) },
    resolve: (_, { input }, { services, actor }) => deleteAccessProfile(services, actor, input.id),
  }),
}))
