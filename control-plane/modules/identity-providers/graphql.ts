import { builder } from '../../graphql/builder.ts'
import {
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
} from '../../graphql/concurrency-fields.ts'
import { ByIdInput, DeletedType } from '../../graphql/deleted.ts'
import { listPage } from '../../graphql/pagination.ts'
import { InUse, NameTaken, NotFound } from '../../graphql/refusals.ts'
import { approvable, approvalRefusals, type ById } from '../access-changes/index.ts'
import { MfaLocksOut } from '../mfa/index.ts'
import { RightsExceeded } from '../roles/index.ts'
import { IdentityProviderEntity } from './entity.ts'
import { IdentityProviderEnabled, IdentityProviderNotVerified } from './errors.ts'
import {
  createIdentityProvider,
  deleteIdentityProvider,
  flushIdentityProviderKeys,
  setIdentityProviderEnabled,
  updateIdentityProvider,
} from './service.ts'
import {
  authorizeUrlRule,
  businessUnitRule,
  claimRule,
  evidenceClassRule,
  evidenceMethodRule,
  IdentityProviderKindType,
  IdentityProviderType,
  ProviderCheckType,
  RoleResolutionType,
  roleValueRule,
  subjectClaimRule,
  teamNameRule,
  teamValueRule,
  tokenUrlRule,
  trustedRule,
  unitCustomerRule,
  userinfoUrlRule,
} from './types.ts'
import { type Verification, verifyIdentityProvider } from './verification.ts'

builder.queryFields((t) => ({
  identityProvider: t.field({
    type: IdentityProviderType,
    nullable: true,
    permission: 'identity_providers:view',
    description: 'One identity provider; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  identityProviders: t.connection(
    {
      type: IdentityProviderType,
      permission: 'identity_providers:view',
      description: 'Where people of your organization sign in, oldest first.',
      resolve: (_, page, context) => listPage(context, IdentityProviderEntity, page),
    },
    { name: 'IdentityProviderConnection', description: 'A page of identity providers.' },
    { name: 'IdentityProviderEdge', description: 'An identity provider with its cursor.' },
  ),
}))

const RoleRuleInput = builder.inputType('RoleRuleInput', {
  description: 'Who gets a role when they sign in.',
  fields: (t) => ({
    claim: t.string({ required: true, description: claimRule }),
    value: t.string({ required: true, description: roleValueRule }),
    roleId: t.id({ required: true, description: 'A role that you have yourself.' }),
  }),
})

const TeamRuleInput = builder.inputType('TeamRuleInput', {
  description: 'Who is made a member of a team when they sign in.',
  fields: (t) => ({
    claim: t.string({ required: true, description: claimRule }),
    value: t.string({ required: true, description: teamValueRule }),
    team: t.string({ required: true, description: teamNameRule }),
  }),
})

const BusinessUnitRuleInput = builder.inputType('BusinessUnitRuleInput', {
  description:
    'Who is made a member of a business unit when they sign in: either of one, or of the one that the claim names. No business unit is created.',
  fields: (t) => ({
    claim: t.string({ required: true, description: claimRule }),
    value: t.string({ required: true, description: teamValueRule }),
    businessUnitId: t.id({ description: businessUnitRule }),
    customerId: t.id({ description: unitCustomerRule }),
  }),
})

const EndpointsInput = builder.inputType('OAuth2EndpointsInput', {
  description: 'How a provider of OAuth 2.0 is asked.',
  fields: (t) => ({
    authorizeUrl: t.string({ required: true, description: authorizeUrlRule }),
    tokenUrl: t.string({ required: true, description: tokenUrlRule }),
    userinfoUrl: t.string({ required: true, description: userinfoUrlRule }),
    subjectClaim: t.string({ required: true, description: subjectClaimRule }),
  }),
})

const nameRule = '1 to 64 of a-z, 0-9 and `-`, unique in the organization; it never changes.'
const issuerRule =
  'As its tokens name it, to the letter, such as `https://example.okta.com`; it never changes, for people are who this issuer says.'
const secretRule = 'What Gatehouse proves itself with there. It is encrypted and never shown.'

const CreateIdentityProviderInput = builder.inputType('CreateIdentityProviderInput', {
  description: 'A new identity provider, at which nobody can sign in until it is enabled.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    name: t.string({ required: true, description: nameRule }),
    kind: t.field({ type: IdentityProviderKindType, required: true, description: 'Whose product it is.' }),
    issuer: t.string({ required: true, description: issuerRule }),
    clientId: t.string({ required: true, description: 'What Gatehouse is called there.' }),
    clientSecret: t.string({ required: true, description: secretRule }),
    ...changeFields(t),
  }),
})

const MfaEvidenceInput = builder.inputType('MfaEvidenceInput', {
  description: 'What counts as MFA at an identity provider; one value of either list is enough.',
  fields: (t) => ({
    trusted: t.boolean({ description: trustedRule }),
    acrValues: t.stringList({ description: evidenceClassRule }),
    amr: t.stringList({ description: evidenceMethodRule }),
  }),
})

const UpdateIdentityProviderInput = builder.inputType('UpdateIdentityProviderInput', {
  description:
    'What to change about an identity provider; a field that is left out stays as it is. Whoever changes one has every role that it gives.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The identity provider.' }),
    clientId: t.string({ description: 'What Gatehouse is called there.' }),
    clientSecret: t.string({ description: secretRule }),
    ...changeFields(t),
  }),
})

type InputFields = Parameters<Parameters<typeof builder.inputType>[1]['fields']>[0]

function changeFields(t: InputFields) {
  return {
    scopes: t.stringList({
      description: 'What is asked for; with `openid`, but for kind OAUTH2. As its kind says unless given.',
    }),
    hostedDomain: t.string({ description: 'Of Google Workspace: the only domain whose people may sign in.' }),
    endpoints: t.field({
      type: EndpointsInput,
      description:
        'Of kind OAUTH2, which needs them, all at once. Another `tokenUrl` or `userinfoUrl` needs `clientSecret` anew.',
    }),
    trustedNetworks: t.stringList({
      description: 'Private networks in which it may be, such as `10.1.0.0/16`.',
    }),
    createsUsers: t.boolean({
      description: 'Whether whoever is unknown becomes a user; true unless said.',
    }),
    roleResolution: t.field({
      type: RoleResolutionType,
      description: 'Which role somebody gets for whom several rules match; `HIGHEST_PRIVILEGE` unless said.',
    }),
    roleRules: t.field({ type: [RoleRuleInput], description: 'Who gets which role; at most 200.' }),
    defaultRoleId: t.id({
      description:
        'What those get for whom no rule matches, a role that you have; never one that inherits from the role admin or allows as much; null: they are refused.',
    }),
    teamRules: t.field({ type: [TeamRuleInput], description: 'Who is of which teams; at most 200.' }),
    teamWorkspaceId: t.id({ description: 'Where those teams live, and are created.' }),
    businessUnitRules: t.field({
      type: [BusinessUnitRuleInput],
      description:
        'Who is of which business units; at most 200. Rules give membership and never take it away: `removeBusinessUnitMember` does.',
    }),
    mfaEvidence: t.field({
      type: MfaEvidenceInput,
      description: 'What counts as MFA at it, in place of what does at its kind; null: as its kind says.',
    }),
  }
}

const SetIdentityProviderEnabledInput = builder.inputType('SetIdentityProviderEnabledInput', {
  description: 'Whether people can sign in at an identity provider.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The identity provider.' }),
    enabled: t.boolean({ required: true, description: 'True lets people sign in.' }),
  }),
})

const VerificationType = builder.objectRef<Verification>('IdentityProviderVerification').implement({
  description: 'Whether an identity provider works as it is configured.',
  fields: (t) => ({
    ok: t.boolean({
      description:
        'Whether everything is as it has to be. If not, an enabled provider stays enabled, and a disabled one cannot be enabled, unless `DIRECTORY` alone failed.',
      resolve: ({ checks }) => checks.every(({ ok }) => ok),
    }),
    checks: t.field({
      type: [ProviderCheckType],
      description: 'What was tried, in this order.',
      resolve: ({ checks }) => checks,
    }),
    identityProvider: t.expose('provider', { type: IdentityProviderType, description: 'The provider.' }),
  }),
})

builder.mutationFields((t) => ({
  createIdentityProvider: t.field({
    type: IdentityProviderType,
    permission: 'identity_providers:create',
    description: 'Creates an identity provider. Then tell it `callbackUrl`, verify it, and enable it.',
    errors: { types: [NotFound, NameTaken, RightsExceeded, IdempotencyKeyReused, ...approvalRefusals] },
    args: {
      input: t.arg({ type: CreateIdentityProviderInput, required: true, description: 'The provider.' }),
    },
    resolve: approvable('createIdentityProvider', createIdentityProvider),
  }),
  updateIdentityProvider: t.field({
    type: IdentityProviderType,
    permission: 'identity_providers:update',
    description:
      'Changes an identity provider. What decides how it is asked disables it, and its JWT providers, until it is verified anew and enabled; sessions that are due for their check meanwhile end.',
    errors: { types: [NotFound, StaleUpdate, RightsExceeded, MfaLocksOut, ...approvalRefusals] },
    args: {
      input: t.arg({ type: UpdateIdentityProviderInput, required: true, description: 'The change.' }),
    },
    resolve: approvable('updateIdentityProvider', updateIdentityProvider),
  }),
  verifyIdentityProvider: t.field({
    type: VerificationType,
    permission: 'identity_providers:update',
    description:
      'Asks the provider whether what is configured works. Nobody is signed in by it, and a provider that is enabled stays so, whatever is found.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The provider.' }) },
    resolve: (_, { input }, { services, actor }) => verifyIdentityProvider(services, actor, input.id),
  }),
  flushIdentityProviderKeys: t.field({
    type: IdentityProviderType,
    permission: 'identity_providers:update',
    description:
      'Has every control plane forget the keys that it has fetched from the provider, and fetch them anew: a key that the provider withdrew is otherwise believed for up to ten minutes, or a day while its keys cannot be fetched.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The provider.' }) },
    resolve: (_, { input }, { services, actor }) => flushIdentityProviderKeys(services, actor, input.id),
  }),
  setIdentityProviderEnabled: t.field({
    type: IdentityProviderType,
    permission: 'identity_providers:update',
    description:
      'Lets people sign in at an identity provider, or no more; who is signed in stays so until the next check of their session. Disabling it disables its JWT providers in the same step; enabling it enables none of them.',
    errors: { types: [NotFound, StaleUpdate, IdentityProviderNotVerified, ...approvalRefusals] },
    args: {
      input: t.arg({
        type: SetIdentityProviderEnabledInput,
        required: true,
        description: 'Which provider, and whether.',
      }),
    },
    resolve: approvable('setIdentityProviderEnabled', setIdentityProviderEnabled),
  }),
  deleteIdentityProvider: t.field({
    type: DeletedType,
    permission: 'identity_providers:delete',
    description: 'Deletes a disabled identity provider at which nobody has signed in yet.',
    errors: { types: [NotFound, IdentityProviderEnabled, InUse, ...approvalRefusals] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The provider.' }) },
    resolve: approvable('deleteIdentityProvider', (services, actor, { id }: ById) =>
      deleteIdentityProvider(services, actor, id),
    ),
  }),
}))
