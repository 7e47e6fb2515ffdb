import { builder } from '../../graphql/builder.ts'
import { versionDescription } from '../../graphql/concurrency-fields.ts'
import type { RequestContext } from '../../graphql/context.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { transactionOf } from '../../service-context.ts'
import {
  BudgetModeType,
  BudgetPeriodType,
  BudgetWindowType,
  type ProfileBudget,
  usualWindowTerms,
} from '../budgets/index.ts'
import type { LimitTerms } from '../limits/index.ts'
import { ProviderType } from '../providers/index.ts'
import { ContentLoggingType, ExpiryPresetType, VirtualKeyType } from '../virtual-keys/index.ts'
import {
  type AccessProfile,
  AccessProfileEntity,
  type ProfileProviderConfig,
  ProfileProviderConfigEntity,
} from './entity.ts'

registerNodeType('ap', 'AccessProfile')

const ProfileBudgetType = builder.objectRef<ProfileBudget>('ProfileBudget').implement({
  description: 'A budget that each key of a profile has for itself.',
  fields: (t) => ({
    limit: t.field({
      type: 'NanoUsd',
      description: 'What each key may spend in one period.',
      resolve: ({ limitNanoUsd }) => limitNanoUsd,
    }),
    period: t.expose('period', { type: BudgetPeriodType, description: 'How long it lasts.' }),
    window: t.field({
      type: BudgetWindowType,
      description: 'When its periods begin.',
      resolve: (budget) => ({ ...usualWindowTerms, ...budget }),
    }),
    mode: t.field({
      type: BudgetModeType,
      description: 'What it sets aside before a call.',
      resolve: ({ mode = 'STRICT' }) => mode,
    }),
  }),
})

const ProfileLimitType = builder.objectRef<LimitTerms>('ProfileRequestLimit').implement({
  description: 'A request limit that each key of a profile has for itself.',
  fields: (t) => ({
    maxRequests: t.exposeInt('maxRequests', {
      nullable: true,
      description: 'The most calls of each key in one window; null: they are not counted.',
    }),
    maxTokens: t.int({
      nullable: true,
      description: 'The most tokens of each key in one window; null: they are not counted.',
      // A profile of the release before has no word about them.
      resolve: ({ maxTokens = null }) => maxTokens,
    }),
    windowSeconds: t.exposeInt('windowSeconds', { description: 'How long the window is.' }),
  }),
})

const ProfileConfigType = builder.objectRef<ProfileProviderConfig>('ProfileProviderConfig').implement({
  description: 'What the keys of a profile may do with one provider.',
  fields: (t) => ({
    provider: t.field({
      type: ProviderType,
      nullable: true,
      description: 'The provider.',
      resolve: ({ providerId }) => providerId,
    }),
    weight: t.exposeFloat('weight', {
      nullable: true,
      description: 'Its share of the calls that name no provider; null: only when it is named, or last.',
    }),
    active: t.exposeBoolean('active', { description: 'Whether the keys may use it at present.' }),
    allowedModels: t.exposeStringList('allowedModels', {
      description: 'The models that may be called: `[]` none, `["*"]` all, otherwise names and patterns.',
    }),
    blockedModels: t.exposeStringList('blockedModels', {
      description: 'Names and patterns of models that may not be called, whatever is allowed.',
    }),
    providerKeyIds: t.exposeStringList('providerKeyIds', {
      description: 'The provider keys that may be used: `[]` none, `["*"]` all, otherwise their ids.',
    }),
  }),
})

export const ProfilePurposeType = builder.enumType('AccessProfilePurpose', {
  description: 'What the keys of a profile are for, and therefore how narrow they are kept.',
  values: {
    GENERAL: { value: 'general', description: 'Anything: the profile is as wide as it says.' },
    CI: {
      value: 'ci',
      description:
        'Build servers, whose keys are easily stolen: one provider, one model or alias by its name, and a budget. No change of the profile makes it wider, and its keys cannot say otherwise.',
    },
  } as const,
})

export const AccessProfileType = builder.loadableNodeRef('AccessProfile', {
  id: { resolve: (profile: AccessProfile) => profile.id },
  load: (ids: string[], context) => loadVisible(context, 'access_profiles:view', AccessProfileEntity, ids),
})

AccessProfileType.implement({
  description:
    'A template of virtual keys. Keys follow it: they have its providers, models and terms, with budgets and limits of their own, and change with it.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique in the organization.' }),
    description: t.exposeString('description', { description: 'What it is for; may be empty.' }),
    purpose: t.expose('purpose', { type: ProfilePurposeType, description: 'What its keys are for.' }),
    allowAllProviders: t.exposeBoolean('allowAllProviders', {
      description: 'Whether its keys may also use the providers that it does not name, with every model.',
    }),
    contentLogging: t.expose('contentLogging', {
      type: ContentLoggingType,
      description: 'Whether the bodies of its keys’ calls may be logged.',
    }),
    expiresIn: t.expose('expiresIn', {
      type: ExpiryPresetType,
      nullable: true,
      description: 'How long a key lives from the time at which it begins to follow; null: for ever.',
    }),
    deleteAfterExpiry: t.exposeBoolean('deleteAfterExpiry', {
      description: 'Whether its keys are deleted within a minute after they expire.',
    }),
    budgets: t.field({
      type: [ProfileBudgetType],
      description: 'What each key may spend, by period.',
      resolve: ({ budgets }) => budgets,
    }),
    requestLimits: t.field({
      type: [ProfileLimitType],
      description: 'How many calls each key may make, by window.',
      resolve: ({ requestLimits }) => requestLimits,
    }),
    providerConfigs: t.loadableGroup({
      type: ProfileConfigType,
      description: 'The providers that its keys may use.',
      load: (ids: string[], { services, actor }: RequestContext) =>
        transactionOf(services, actor, (em) =>
          em.find(ProfileProviderConfigEntity, { accessProfileId: { $in: ids } }, { orderBy: { id: 'asc' } }),
        ),
      group: (config) => config.accessProfileId,
      resolve: ({ id }) => id,
    }),
    version: t.exposeInt('version', { description: versionDescription }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

builder.objectField(VirtualKeyType, 'accessProfile', (t) =>
  t.field({
    type: AccessProfileType,
    nullable: true,
    permission: 'access_profiles:view',
    description: 'The profile that it follows, which decides its providers and terms; null: none.',
    resolve: ({ accessProfileId }) => accessProfileId,
  }),
)
