import { builder } from '../../graphql/builder.ts'
import { versionDescription } from '../../graphql/concurrency-fields.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import type { BusinessUnitRule } from '../../sign-in/business-unit-mapping.ts'
import type { MfaEvidence, OAuth2Settings } from '../../sign-in/provider-kinds.ts'
import type { ProviderCheck } from '../../sign-in/relying-party.ts'
import type { RoleRule, TeamRule } from '../../sign-in/role-mapping.ts'
import { BusinessUnitType } from '../business-units/index.ts'
import { CustomerType } from '../customers/index.ts'
import { RoleType } from '../roles/index.ts'
import { WorkspaceType } from '../workspaces/index.ts'
import { callbackUrl, loginUrl } from './addresses.ts'
import { type IdentityProvider, IdentityProviderEntity } from './entity.ts'
import { mfaEvidenceOf } from './secret.ts'

export const IdentityProviderKindType = builder.enumType('IdentityProviderKind', {
  description: 'Whose product it is. It decides what a provider begins with and what is checked besides.',
  values: {
    OKTA: { value: 'okta', description: 'Okta, its organization server or a custom one.' },
    ENTRA: { value: 'entra', description: 'Microsoft Entra ID, one tenant. People are known by `oid`.' },
    KEYCLOAK: { value: 'keycloak', description: 'Keycloak, one realm.' },
    ZITADEL: { value: 'zitadel', description: 'Zitadel.' },
    GOOGLE_WORKSPACE: {
      value: 'google_workspace',
      description: 'Google Workspace, one domain. Its tokens name no groups.',
    },
    OIDC: { value: 'oidc', description: 'Any other that speaks OpenID Connect.' },
    OAUTH2: {
      value: 'oauth2',
      description:
        'One that speaks OAuth 2.0 without OpenID Connect, such as GitHub. Its userinfo says who somebody is.',
    },
  } as const,
})

export const RoleResolutionType = builder.enumType('RoleResolution', {
  description: 'Which role somebody gets for whom several rules match.',
  values: {
    HIGHEST_PRIVILEGE: {
      value: 'highest_privilege',
      description: 'The one that allows the most, whatever the order of rules and claims.',
    },
    FIRST_MATCH: { value: 'first_match', description: 'That of the first rule that matches.' },
  } as const,
})

export const claimRule =
  'A claim of the ID token by its name, or a path such as `realm_access.roles`. Its value may be a text, a list of texts, or an object whose keys are meant.'
export const roleValueRule =
  'What the claim holds, in whatever case; `*`: anything. `*` gives no system role, and none that inherits from the role admin or allows as much.'
export const teamValueRule = 'What the claim holds, in whatever case; `*`: anything.'
export const teamNameRule = 'The team’s name; `*`: what the claim holds is the name.'

export const trustedRule =
  'Takes every sign-in at it for MFA, whatever its tokens say: only for a provider that lets nobody in without. False unless said.'
export const evidenceClassRule =
  'Values of `acr`, of Entra’s `acrs`, that say so. A step-up asks the provider for them.'
export const evidenceMethodRule = 'Values of `amr` that say so.'

const MfaEvidenceType = builder.objectRef<MfaEvidence>('MfaEvidence').implement({
  description: 'What counts as MFA at an identity provider; one value of either list is enough.',
  fields: (t) => ({
    trusted: t.exposeBoolean('trusted', { description: trustedRule }),
    acrValues: t.stringList({ description: evidenceClassRule, resolve: (of) => [...of.acrValues] }),
    amr: t.stringList({ description: evidenceMethodRule, resolve: (of) => [...of.amr] }),
  }),
})

const RoleRuleType = builder.objectRef<RoleRule>('RoleRule').implement({
  description: 'Who gets a role when they sign in.',
  fields: (t) => ({
    claim: t.exposeString('claim', { description: claimRule }),
    value: t.exposeString('value', { description: roleValueRule }),
    role: t.field({
      type: RoleType,
      nullable: true,
      description:
        'The role; null when it was deleted, or you may not see roles. A deleted one gives nothing.',
      resolve: ({ roleId }) => roleId,
    }),
  }),
})

const TeamRuleType = builder.objectRef<TeamRule>('TeamRule').implement({
  description: 'Who is made a member of a team when they sign in.',
  fields: (t) => ({
    claim: t.exposeString('claim', { description: claimRule }),
    value: t.exposeString('value', { description: teamValueRule }),
    team: t.exposeString('team', { description: teamNameRule }),
  }),
})

export const businessUnitRule = 'A business unit, by its id.'
export const unitCustomerRule =
  'The claim holds the name of a business unit of this customer, to the letter; a name that none has gives nothing.'
const deletedGivesNothing = 'A deleted one gives nothing.'

const BusinessUnitRuleType = builder.objectRef<BusinessUnitRule>('BusinessUnitRule').implement({
  description: 'Who is made a member of a business unit when they sign in.',
  fields: (t) => ({
    claim: t.exposeString('claim', { description: claimRule }),
    value: t.exposeString('value', { description: teamValueRule }),
    businessUnit: t.field({
      type: BusinessUnitType,
      nullable: true,
      description: `The business unit; null when the rule names a customer, it was deleted, or you may not see it. ${deletedGivesNothing}`,
      resolve: ({ businessUnitId }) => businessUnitId,
    }),
    customer: t.field({
      type: CustomerType,
      nullable: true,
      description: `The customer of whose business units the claim holds a name; null when the rule names a business unit, it was deleted, or you may not see it. ${deletedGivesNothing}`,
      resolve: ({ customerId }) => customerId,
    }),
  }),
})

export const authorizeUrlRule = 'Where people sign in, such as `https://github.com/login/oauth/authorize`.'
export const tokenUrlRule = 'Where a code is turned into an access token.'
export const userinfoUrlRule = 'What says who has an access token, such as `https://api.github.com/user`.'
export const subjectClaimRule =
  'The member of its answer that names a person and is never given to another, such as `id` or `sub`; neither a name nor an e-mail address.'

const EndpointsType = builder.objectRef<OAuth2Settings>('OAuth2Endpoints').implement({
  description: 'How a provider of OAuth 2.0 is asked.',
  fields: (t) => ({
    authorizeUrl: t.exposeString('authorizeUrl', { description: authorizeUrlRule }),
    tokenUrl: t.exposeString('tokenUrl', { description: tokenUrlRule }),
    userinfoUrl: t.exposeString('userinfoUrl', { description: userinfoUrlRule }),
    subjectClaim: t.exposeString('subjectClaim', { description: subjectClaimRule }),
  }),
})

registerNodeType('idp', 'IdentityProvider')

export const IdentityProviderType = builder.loadableNodeRef('IdentityProvider', {
  id: { resolve: (provider: IdentityProvider) => provider.id },
  load: (ids: string[], context) =>
    loadVisible(context, 'identity_providers:view', IdentityProviderEntity, ids),
})

IdentityProviderType.implement({
  description: 'Where people sign in, by OpenID Connect. Its client secret is never shown.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', { description: 'Part of its addresses; it never changes.' }),
    kind: t.expose('kind', { type: IdentityProviderKindType, description: 'Whose product it is.' }),
    issuer: t.exposeString('issuer', {
      description: 'As its tokens name it, to the letter. It never changes.',
    }),
    clientId: t.exposeString('clientId', { description: 'What Gatehouse is called there.' }),
    scopes: t.exposeStringList('scopes', { description: 'What is asked for at each sign-in.' }),
    hostedDomain: t.exposeString('hostedDomain', {
      nullable: true,
      description: 'Of Google Workspace: the only domain whose people may sign in.',
    }),
    endpoints: t.expose('endpoints', {
      type: EndpointsType,
      nullable: true,
      description: 'Of kind OAUTH2: how it is asked.',
    }),
    trustedNetworks: t.exposeStringList('trustedNetworks', {
      description:
        'Private networks in which it may be, such as `10.1.0.0/16`; any other private address is refused.',
    }),
    enabled: t.exposeBoolean('enabled', { description: 'Whether people can sign in at it.' }),
    verifiedAt: t.expose('verifiedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When its present settings were found to work; null: never, or a later verification failed while it was disabled.',
    }),
    createsUsers: t.exposeBoolean('createsUsers', {
      description: 'Whether whoever is unknown becomes a user when they sign in; else they are refused.',
    }),
    roleResolution: t.expose('roleResolution', {
      type: RoleResolutionType,
      description: 'Which role somebody gets for whom several rules match.',
    }),
    roleRules: t.field({
      type: [RoleRuleType],
      description: 'Who gets which role.',
      resolve: ({ roleRules }) => roleRules,
    }),
    defaultRole: t.field({
      type: RoleType,
      nullable: true,
      description:
        'What those get for whom no rule matches; null: they are refused, or you may not see roles. A role that has come to inherit from the role admin, or to allow as much, gives nothing.',
      resolve: ({ defaultRoleId }) => defaultRoleId,
    }),
    teamRules: t.field({
      type: [TeamRuleType],
      description: 'Who is of which teams. All rules that match apply.',
      resolve: ({ teamRules }) => teamRules,
    }),
    teamWorkspace: t.field({
      type: WorkspaceType,
      nullable: true,
      description: 'Where those teams live, and are created; null: team rules do nothing.',
      resolve: ({ teamWorkspaceId }) => teamWorkspaceId,
    }),
    businessUnitRules: t.field({
      type: [BusinessUnitRuleType],
      description:
        'Who is of which business units. All rules that match apply. They give membership and never take it away: `removeBusinessUnitMember` does.',
      resolve: ({ businessUnitRules }) => businessUnitRules,
    }),
    mfaEvidence: t.field({
      type: MfaEvidenceType,
      description: 'What counts as MFA at it, by its kind or as it was configured.',
      resolve: mfaEvidenceOf,
    }),
    keysFlushedAt: t.expose('keysFlushedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its keys were last flushed; null: never.',
    }),
    callbackUrl: t.string({
      description: 'The only redirect URI that it is to be told.',
      resolve: (provider, _args, { services }) => callbackUrl(services.publicUrl, provider),
    }),
    loginUrl: t.string({
      description: 'Where people begin to sign in. Several organizations: add `?organization=<id>`.',
      resolve: (provider, _args, { services }) => loginUrl(services.publicUrl, provider),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

const CheckNameType = builder.enumType('IdentityProviderCheckName', {
  description: 'What of an identity provider is tried.',
  values: {
    DISCOVERY: { value: 'discovery', description: 'Its discovery document, and that it names the issuer.' },
    JWKS: { value: 'jwks', description: 'The keys that it signs with.' },
    CLIENT_AUTH: { value: 'client_auth', description: 'Whether it knows the client and its secret.' },
    USERINFO: {
      value: 'userinfo',
      description: 'Of kind OAUTH2: that it tells nobody who somebody is without a token.',
    },
    DIRECTORY: {
      value: 'directory',
      description: 'Whether its directory can be read. If not, people still sign in.',
    },
  } as const,
})

export const ProviderCheckType = builder.objectRef<ProviderCheck>('IdentityProviderCheck').implement({
  description: 'What came of one thing that was tried.',
  fields: (t) => ({
    name: t.expose('name', { type: CheckNameType, description: 'What was tried.' }),
    ok: t.exposeBoolean('ok', { description: 'Whether it is as it has to be.' }),
    message: t.exposeString('message', { description: 'What was found, and what to mend.' }),
  }),
})
