import { builder, type InputFields } from '../../graphql/builder.ts'
import { contentLoggings, keyPriorities } from './entity.ts'
import type { ExpiryPreset } from './expiry.ts'

export const ExpiryPresetType = builder.enumType('ExpiryPreset', {
  description: 'The usual lengths of a key’s life.',
  values: {
    HOUR: { description: '60 minutes.' },
    DAY: { description: '24 hours.' },
    WEEK: { description: '7 days.' },
    MONTH: { description: '30 days.' },
    QUARTER: { description: '90 days.' },
    YEAR: { description: '365 days.' },
  } as const satisfies Record<ExpiryPreset, object>,
})

const [inherit, on, off] = contentLoggings

export const ContentLoggingType = builder.enumType('ContentLogging', {
  description:
    'Whether the bodies of calls may be logged. Data planes are told; today no part of Gatehouse logs a body.',
  values: {
    INHERIT: { value: inherit, description: 'As is decided for all keys.' },
    ON: { value: on, description: 'They may.' },
    OFF: { value: off, description: 'They may not.' },
  } as const,
})

const [low, normal, high] = keyPriorities

export const VirtualKeyPriorityType = builder.enumType('VirtualKeyPriority', {
  description:
    'Whose calls a data plane that is at its capacity refuses first, with 503 `overloaded`. While it is not, all keys are served alike.',
  values: {
    LOW: { value: low, description: 'Refused first: batches, experiments.' },
    NORMAL: { value: normal, description: 'Refused once no call of a `LOW` key is served.' },
    HIGH: { value: high, description: 'Refused last: what people wait for.' },
  } as const,
})

export const VirtualKeyOwnerInput = builder.inputType('VirtualKeyOwnerInput', {
  description: 'Whom the calls of a key are charged to: exactly one of them.',
  isOneOf: true,
  fields: (t) => ({
    customerId: t.id({ description: 'A customer of the workspace.' }),
    teamId: t.id({
      description: 'A team of the workspace; its business unit and customer are charged too.',
    }),
    userId: t.id({ description: 'A user; their team and what it belongs to are charged too.' }),
  }),
})

export const ProviderConfigInput = builder.inputType('ProviderConfigInput', {
  description: 'What a key may do with one provider.',
  fields: (t) => ({
    providerId: t.id({ required: true, description: 'The provider; each at most once.' }),
    weight: t.float({
      description:
        'Share of the calls that name no provider; null: only when it is named, or as the last one left.',
    }),
    active: t.boolean({ description: 'False switches the provider off for the key; true unless said.' }),
    allowedModels: t.stringList({
      required: true,
      description:
        '`[]` none, `["*"]` all, otherwise model names without duplicates and patterns such as `regex:gpt-4o(-mini)?`. A pattern matches the whole name, whatever its case; it has the syntax of RE2, at most 256 characters and only small repetitions.',
    }),
    blockedModels: t.stringList({
      description:
        'Model names and patterns that are refused whatever `allowedModels` says, by the name of an alias and by the provider’s own name; upper and lower case are the same. None unless said.',
    }),
    providerKeyIds: t.idList({
      required: true,
      description: '`[]` none, `["*"]` all, otherwise ids of keys of this provider.',
    }),
  }),
})

/** Where a new key is, what it is called and whom it is charged to. */
export const placeFields = (t: InputFields) => ({
  workspaceId: t.id({ required: true, description: 'Where it lives.' }),
  name: t.string({ required: true, description: '1 to 128 characters.' }),
  owner: t.field({
    type: VirtualKeyOwnerInput,
    required: true,
    description: 'Whom its calls are charged to.',
  }),
})

export const labelFields = (t: InputFields) => ({
  description: t.string({ description: 'What it is for: at most 1000 characters.' }),
  tags: t.stringList({
    description:
      'Words by which it is found again, at most 32: lower-case letters, digits and `. _ : / -`, such as `env:prod`.',
  }),
})

/** What a key says of itself, or an access profile of the keys that follow it. */
export const scopeFields = (t: InputFields) => ({
  allowAllProviders: t.boolean({
    description:
      'Whether it may also use the providers that it has no configuration for, with every model: when a call names one, or when no configuration with a weight can serve. False unless said.',
  }),
  contentLogging: t.field({
    type: ContentLoggingType,
    description: 'Whether the bodies of its calls may be logged; `INHERIT` unless said.',
  }),
  deleteAfterExpiry: t.boolean({
    description:
      'Whether it is deleted within a minute after it expires, with its budgets and limits; usage stays. False unless said.',
  }),
})

export const freshnessField = (t: InputFields) => ({
  requireFreshSeconds: t.int({
    description:
      'Its calls are refused with 503 `config_unavailable` while a data plane has not heard from its control plane for so many seconds, 10 to 2592000. Null: as long as for all keys, see `ClientConfiguration.maxStalenessSeconds`.',
  }),
})

export const concurrencyField = (t: InputFields) => ({
  maxConcurrentCalls: t.int({
    description:
      'How many of its calls may be under way at once, over all data planes, 1 to 1000000: the next is refused with 429 `concurrency_limited`. Null: any number.',
  }),
})

export const priorityField = (t: InputFields) => ({
  priority: t.field({
    type: VirtualKeyPriorityType,
    description:
      'Whether its calls are refused first or last when a data plane is at its capacity; `NORMAL` unless said.',
  }),
})

export const expiryFields = (t: InputFields) => ({
  expiresAt: t.field({ type: 'DateTime', description: 'When it stops working; null: never.' }),
  expiresIn: t.field({
    type: ExpiryPresetType,
    description: 'When it stops working, counted from now, instead of `expiresAt`.',
  }),
})

export const providerConfigsField = (t: InputFields) => ({
  providerConfigs: t.field({
    type: [ProviderConfigInput],
    required: true,
    description: 'The providers that it may use; without any it may call nothing.',
  }),
})

export const newKeyFields = (t: InputFields) => ({
  ...placeFields(t),
  ...labelFields(t),
  ...priorityField(t),
  ...providerConfigsField(t),
  ...scopeFields(t),
  ...freshnessField(t),
  ...concurrencyField(t),
  ...expiryFields(t),
})
