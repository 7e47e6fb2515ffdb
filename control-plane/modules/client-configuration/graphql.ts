import type { CredentialKind } from '../../../contract/credential-kinds.ts'
import { builder } from '../../graphql/builder.ts'
import { expectedVersionField, StaleUpdate, versionDescription } from '../../graphql/concurrency-fields.ts'
import { RefusalInterface } from '../../graphql/refusals.ts'
import { TooManyPendingChanges } from '../../graphql/second-person.ts'
import './changes-graphql.ts'
import { ApprovalRequired, CredentialLockout } from './errors.ts'
import { readClientConfiguration, updateClientConfiguration, type VersionedSettings } from './service.ts'
import type { ClientSettings, RequiredHeader } from './settings.ts'

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

const RequiredHeaderType = builder.objectRef<RequiredHeader>('RequiredHeader').implement({
  description:
    'A header that every call must carry; without it a call is refused with 400 `missing_required_headers`.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name, in lower case.' }),
    pattern: t.exposeString('pattern', {
      description:
        '`*`: any value but an empty one. Otherwise a pattern (RE2) for the whole value, whose case counts.',
    }),
  }),
})

builder.objectType(CredentialLockout, {
  name: 'CredentialLockout',
  description: 'Nobody takes away the kind of credential by which they act.',
  interfaces: [RefusalInterface],
  isTypeOf: (value) => value instanceof CredentialLockout,
})

const CredentialKindType = builder.enumType('CredentialKind', {
  description: 'By what people and programs say to the control plane who they are.',
  values: {
    API_TOKEN: {
      description: 'An API token, in `Authorization` or `X-API-Key`; those of the command line too.',
    },
    JWT: { description: 'A token of a JWT provider with `opensControlPlane`, in `Authorization`.' },
    SESSION: { description: 'The cookie of somebody who signed in.' },
  } satisfies Record<CredentialKind, object>,
})

const ClientConfigurationType = builder.objectRef<VersionedSettings>('ClientConfiguration').implement({
  description: 'What callers must and may send to the data planes, and from where.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
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
    requiredHeaders: t.field({
      type: [RequiredHeaderType],
      description: 'Headers that every call must carry, by name.',
      resolve: ({ requiredHeaders }) => requiredHeaders,
    }),
    ipAllowlist: t.exposeStringList('ipAllowlist', {
      description:
        'Addresses and networks that calls may come from; others are refused with 403 `ip_not_allowed`. `[]`: from everywhere.',
    }),
    trustedProxies: t.exposeStringList('trustedProxies', {
      description:
        'Addresses and networks of proxies in front of the data planes. Of a call that comes from one of them, the caller is the last address of `X-Forwarded-For` that is not one of them; of any other call that header says nothing.',
    }),
    requireApprovalForHeaderChanges: t.exposeBoolean('requireApprovalForHeaderChanges', {
      description:
        'Whether letting more headers through needs a second person: a longer `headerFilter.allowlist` or `allowedHeaders`, a shorter `headerFilter.denylist`, `forwardDirect`; and switching this off.',
    }),
    maxStalenessSeconds: t.exposeInt('maxStalenessSeconds', {
      nullable: true,
      description:
        'How long a data plane may go without hearing from its control plane before it refuses every call with 503 `config_unavailable`, in seconds. Null: it serves what it knows for as long as it takes.',
    }),
    showBudgetAmounts: t.exposeBoolean('showBudgetAmounts', {
      description:
        'Whether callers read how much money is in a budget: its limit and what is used of it, in 402 `budget_exceeded` and in `GET /v1/quota`. False: they read only at which level it is and when it resets.',
    }),
    acceptedCredentials: t.field({
      type: [CredentialKindType],
      description:
        'By what the control plane lets people and programs of your organization in, in no order: each credential of a request is judged, a bad one refuses it, and two are refused. A valid one of another kind is refused with 401 `UNAUTHENTICATED`, which says so. Sessions of break-glass users and tokens of `gatehouse recover-admin` are always accepted. Data planes are not concerned: virtual keys and access tokens have settings of their own.',
      resolve: ({ acceptedCredentials }) => acceptedCredentials,
    }),
    rolesGovernInference: t.exposeBoolean('rolesGovernInference', {
      description:
        'Whether people may ask data planes only for what their roles give of `inference:chat`, `inference:embeddings` and `inference:images`. It is about the calls that are charged to a user: of virtual keys that a user owns, and of access tokens and JWTs of users; anything else that they ask for is refused with 403 `user_not_authorized`. Virtual keys of teams and customers stand for nobody: whoever holds the secret of one is asked for no role. A role for single objects gives no inference.',
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

const RequiredHeaderInput = builder.inputType('RequiredHeaderInput', {
  description: 'A header that every call must carry.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Its name, in any case; none that carries a credential.' }),
    pattern: t.string({
      required: true,
      description:
        '`*` for any value but an empty one, or a pattern (RE2, at most 256 characters) for the whole value.',
    }),
  }),
})

const UpdateClientConfigurationInput = builder.inputType('UpdateClientConfigurationInput', {
  description: 'What to change; a field that is left out stays as it is.',
  fields: (t) => ({
    ...expectedVersionField(t),
    allowedOrigins: t.stringList({
      description:
        'Exact origins, `scheme://host` or `scheme://host:port`, at most 100; or `["*"]` alone, for development.',
    }),
    allowedHeaders: t.stringList({ description: 'Header names, at most 200.' }),
    headerFilter: t.field({ type: HeaderFilterInput, description: 'Which headers go on to the provider.' }),
    requiredHeaders: t.field({
      type: [RequiredHeaderInput],
      description: 'Headers that every call must carry, at most 16; replaces all. Null or `[]`: none.',
    }),
    ipAllowlist: t.stringList({
      description:
        'Where calls may come from, at most 200: `10.0.0.0/8`, `2001:db8::/32` or an address. Null or `[]`: everywhere.',
    }),
    trustedProxies: t.stringList({
      description:
        'Whose `X-Forwarded-For` is believed, at most 200, written likewise. Null or `[]`: nobody’s.',
    }),
    requireApprovalForHeaderChanges: t.boolean({
      description:
        'Whether letting more headers through needs a second person; switching it off needs one too.',
    }),
    maxStalenessSeconds: t.int({
      description:
        'How long a data plane may serve without hearing from its control plane: 10 to 2592000 seconds. Null: as long as it takes.',
    }),
    showBudgetAmounts: t.boolean({
      description: 'Whether callers read the limit of a budget and what is used of it.',
    }),
    acceptedCredentials: t.field({
      type: [CredentialKindType],
      description:
        'By what the control plane lets people and programs in, each kind once, at least one, and the one by which you act among them. All unless said.',
    }),
    rolesGovernInference: t.boolean({
      description:
        'Whether people may ask data planes only for what their roles give of `inference:…`. Data planes of a release that does not know it keep the configuration from before; see `dataPlanes { status nack { reason } }`.',
    }),
  }),
})

builder.mutationField('updateClientConfiguration', (t) =>
  t.field({
    type: ClientConfigurationType,
    permission: 'client_configuration:update',
    description:
      'Changes what callers must and may send; data planes follow without a restart. What lets more headers through waits for a second person, with all else that is asked for at once.',
    errors: { types: [StaleUpdate, CredentialLockout, ApprovalRequired, TooManyPendingChanges] },
    args: {
      input: t.arg({ type: UpdateClientConfigurationInput, required: true, description: 'The change.' }),
    },
    resolve: (_, { input }, { services, actor }) => updateClientConfiguration(services, actor, input),
  }),
)
