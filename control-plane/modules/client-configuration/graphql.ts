import { builder } from '../../graphql/builder.ts'
import type { ClientSettings } from './defaults.ts'
import { readClientConfiguration, updateClientConfiguration } from './service.ts'

const HeaderFilterType = builder.objectRef<Readonly<ClientSettings>>('HeaderFilter').implement({
  description:
    'Which of a caller’s headers go to the provider. Credentials, cookies, connection headers and `x-bf-*` never do, whatever is said here.',
  fields: (t) => ({
    allowlist: t.exposeStringList('forwardAllowlist', {
      nullable: true,
      description:
        'What may go, without the prefix `x-bf-eh-`; a trailing `*` stands for any rest. `[]`: nothing. Null: every `x-bf-eh-*` header that is not denied.',
    }),
    denylist: t.exposeStringList('forwardDenylist', {
      description: 'What never goes, though it be allowed; a trailing `*` stands for any rest.',
    }),
    forwardDirect: t.exposeBoolean('forwardDirect', {
      description: 'Whether an allowed header also goes when the caller sends it without the prefix.',
    }),
  }),
})

const ClientConfigurationType = builder.objectRef<Readonly<ClientSettings>>('ClientConfiguration').implement({
  description: 'What callers may send to the data planes, from where.',
  fields: (t) => ({
    allowedOrigins: t.exposeStringList('allowedOrigins', {
      description:
        'Web origins whose pages may call. `[]`: none. `["*"]`: all, without credentials, for development.',
    }),
    allowedHeaders: t.exposeStringList('allowedHeaders', {
      description: 'Headers that a page of such an origin may send.',
    }),
    headerFilter: t.field({
      type: HeaderFilterType,
      description: 'Which headers go on to the provider.',
      resolve: (settings) => settings,
    }),
  }),
})

builder.queryField('clientConfiguration', (t) =>
  t.field({
    type: ClientConfigurationType,
    permission: 'client_configuration:view',
    description: 'What callers of your organization may send.',
    resolve: (_, _args, { services, actor }) => readClientConfiguration(services, actor),
  }),
)

const HeaderFilterInput = builder.inputType('HeaderFilterInput', {
  description:
    'What to change about the header filter; a field that is left out stays as it is. Names are accepted with or without `x-bf-eh-`, in any case, exact or with a `*` at the end.',
  fields: (t) => ({
    allowlist: t.stringList({
      description: 'What may go. `[]`: nothing. Null: every `x-bf-eh-*` header that is not denied.',
    }),
    denylist: t.stringList({ description: 'What never goes.' }),
    forwardDirect: t.boolean({
      description: 'Whether an allowed header also goes when it comes without the prefix.',
    }),
  }),
})

const UpdateClientConfigurationInput = builder.inputType('UpdateClientConfigurationInput', {
  description: 'What to change; a field that is left out stays as it is.',
  fields: (t) => ({
    allowedOrigins: t.stringList({
      description:
        'Exact origins, `scheme://host` or `scheme://host:port`, at most 100; or `["*"]` alone, for development.',
    }),
    allowedHeaders: t.stringList({ description: 'Header names, at most 200.' }),
    headerFilter: t.field({ type: HeaderFilterInput, description: 'Which headers go on to the provider.' }),
  }),
})

builder.mutationField('updateClientConfiguration', (t) =>
  t.field({
    type: ClientConfigurationType,
    permission: 'client_configuration:update',
    description: 'Changes what callers may send; data planes follow without a restart.',
    args: {
      input: t.arg({ type: UpdateClientConfigurationInput, required: true, description: 'The change.' }),
    },
    resolve: (_, { input }, { services, actor }) => updateClientConfiguration(services, actor, input),
  }),
)
