import { builder } from '../../graphql/builder.ts'
import { ByIdInput } from '../../graphql/deleted.ts'
import { NotFound } from '../../graphql/refusals.ts'
import type { BusinessUnitRule } from '../../sign-in/business-unit-mapping.ts'
import type { RoleRule, TeamRule } from '../../sign-in/role-mapping.ts'
import { BusinessUnitType } from '../business-units/index.ts'
import { CustomerType } from '../customers/index.ts'
import { RoleType } from '../roles/index.ts'
import { UserType } from '../users/index.ts'
import type { TriedPerson, TriedRule } from './test-result.ts'
import { readTestSignIn, type StartedTestSignIn, startTestSignIn, type TestSignIn } from './test-sign-ins.ts'
import { IdentityProviderType } from './types.ts'

const foundRule = 'What the ID token has under its claim.'
const matchedRule = 'Those of it that the rule is about; none: it does not apply.'

const TriedRoleRuleType = builder.objectRef<TriedRule<RoleRule>>('TriedRoleRule').implement({
  description: 'A role rule, held against what an ID token says.',
  fields: (t) => ({
    claim: t.exposeString('claim', { description: 'The claim.' }),
    value: t.exposeString('value', { description: 'What it has to hold.' }),
    role: t.field({
      type: RoleType,
      nullable: true,
      description: 'The role that it gives; null when it was deleted, or you may not see roles.',
      resolve: ({ roleId }) => roleId,
    }),
    found: t.stringList({ description: foundRule, resolve: ({ found }) => [...found] }),
    matched: t.stringList({ description: matchedRule, resolve: ({ matched }) => [...matched] }),
  }),
})

const TriedTeamRuleType = builder.objectRef<TriedRule<TeamRule>>('TriedTeamRule').implement({
  description: 'A team rule, held against what an ID token says.',
  fields: (t) => ({
    claim: t.exposeString('claim', { description: 'The claim.' }),
    value: t.exposeString('value', { description: 'What it has to hold.' }),
    team: t.exposeString('team', { description: 'The team that it names; `*`: what the claim holds.' }),
    found: t.stringList({ description: foundRule, resolve: ({ found }) => [...found] }),
    matched: t.stringList({ description: matchedRule, resolve: ({ matched }) => [...matched] }),
  }),
})

const TriedUnitRuleType = builder.objectRef<TriedRule<BusinessUnitRule>>('TriedBusinessUnitRule').implement({
  description: 'A business unit rule, held against what an ID token says.',
  fields: (t) => ({
    claim: t.exposeString('claim', { description: 'The claim.' }),
    value: t.exposeString('value', { description: 'What it has to hold.' }),
    businessUnit: t.field({
      type: BusinessUnitType,
      nullable: true,
      description: 'The business unit; null when it names a customer, it was deleted, or you may not see it.',
      resolve: ({ businessUnitId }) => businessUnitId,
    }),
    customer: t.field({
      type: CustomerType,
      nullable: true,
      description:
        'The customer of whose business units the claim holds a name; null when it names a business unit, it was deleted, or you may not see it.',
      resolve: ({ customerId }) => customerId,
    }),
    found: t.stringList({ description: foundRule, resolve: ({ found }) => [...found] }),
    matched: t.stringList({ description: matchedRule, resolve: ({ matched }) => [...matched] }),
  }),
})

const TriedPersonType = builder.objectRef<TriedPerson>('TriedPerson').implement({
  description:
    'Somebody who came back from an identity provider that was tried out, and what signing in would make of them.',
  fields: (t) => ({
    subject: t.exposeString('subject', { description: 'What names them at the provider.' }),
    claims: t.expose('claims', { type: 'JSON', description: 'All that the verified ID token says.' }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'Who they are here; null: nobody yet, or you may not see users.',
      resolve: ({ userId }) => userId,
    }),
    role: t.field({
      type: RoleType,
      nullable: true,
      description: 'The role that they would get; null: none, or you may not see roles.',
      resolve: ({ roleId }) => roleId,
    }),
    isDefaultRole: t.exposeBoolean('isDefaultRole', {
      description: 'Whether it is the role of whoever matches no rule.',
    }),
    roleRules: t.field({
      type: [TriedRoleRuleType],
      description: 'Each role rule, and why it applies or does not.',
      resolve: ({ roleRules }) => roleRules,
    }),
    teams: t.stringList({
      description: 'The teams that they would be made a member of.',
      resolve: ({ teams }) => [...teams],
    }),
    areTeamsKnown: t.exposeBoolean('areTeamsKnown', {
      description:
        'Whether memberships would follow: not while the token lacks a claim that a rule is about, or teams have no workspace.',
    }),
    teamRules: t.field({
      type: [TriedTeamRuleType],
      description: 'Each team rule, and why it applies or does not.',
      resolve: ({ teamRules }) => teamRules,
    }),
    businessUnits: t.field({
      type: [BusinessUnitType],
      nullable: { list: false, items: true },
      description:
        'The business units that they would be made a member of, beside those that they are of; null for one that you may not see.',
      resolve: ({ businessUnitIds }) => [...businessUnitIds],
    }),
    unknownBusinessUnits: t.stringList({
      description: 'What claims hold in place of the name of a business unit. It gives nothing.',
      resolve: ({ unknownBusinessUnits }) => [...unknownBusinessUnits],
    }),
    businessUnitRules: t.field({
      type: [TriedUnitRuleType],
      description: 'Each business unit rule, and why it applies or does not.',
      resolve: ({ businessUnitRules }) => businessUnitRules,
    }),
    isMfa: t.boolean({
      description: 'Whether it counts as MFA, see `IdentityProvider.mfaEvidence`.',
      resolve: ({ evidence }) => evidence.isMfa,
    }),
    acrValues: t.stringList({
      description: 'The authentication classes that the token names, in `acr` and `acrs`.',
      resolve: ({ evidence }) => [...evidence.classes],
    }),
    amr: t.stringList({
      description: 'The authentication methods that the token names.',
      resolve: ({ evidence }) => [...evidence.methods],
    }),
    authenticatedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When they proved who they are; null: the provider does not say.',
      resolve: ({ evidence }) => (evidence.at === null ? null : new Date(evidence.at)),
    }),
  }),
})

interface WouldRefuse {
  readonly code: string
  readonly message: string
}

const TestSignInRefusalType = builder.objectRef<WouldRefuse>('TestSignInRefusal').implement({
  description: 'Why a sign-in would have been refused.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'As the page of a refused sign-in shows it.' }),
    message: t.exposeString('message', { description: 'What is wrong, for a person.' }),
  }),
})

const TestSignInType = builder.objectRef<TestSignIn>('TestSignIn').implement({
  description:
    'A sign-in that tries an identity provider out. Only whoever started it sees it, until `expiresAt`; then it is forgotten.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id.' }),
    identityProvider: t.field({
      type: IdentityProviderType,
      nullable: true,
      description: 'The provider; null when you may not see it.',
      resolve: ({ providerId }) => providerId,
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it is forgotten.' }),
    done: t.boolean({
      description: 'Whether somebody has come back from the provider.',
      resolve: ({ result }) => result !== null,
    }),
    refusal: t.field({
      type: TestSignInRefusalType,
      nullable: true,
      description: 'Why a sign-in would have been refused; null: it would not, or nobody has come back.',
      resolve: ({ result }) => result?.refusal,
    }),
    person: t.field({
      type: TriedPersonType,
      nullable: true,
      description: 'Who came back; null: nobody yet, or the provider’s answer was not to be believed.',
      resolve: ({ result }) => result?.person,
    }),
  }),
})

builder.queryField('testSignIn', (t) =>
  t.field({
    type: TestSignInType,
    nullable: true,
    permission: 'identity_providers:update',
    description: 'A test sign-in that you have started; null when it is over, or another’s.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }, { services, actor }) => readTestSignIn(services, actor, id),
  }),
)

const StartedType = builder.objectRef<StartedTestSignIn>('StartedTestSignIn').implement({
  description: 'A test sign-in, and where to go for it.',
  fields: (t) => ({
    testSignIn: t.expose('testSignIn', {
      type: TestSignInType,
      description: 'Ask `testSignIn(id)` for what comes of it.',
    }),
    url: t.exposeString('url', { description: 'Open it in a browser, once, before `expiresAt`.' }),
  }),
})

builder.mutationField('startTestSignIn', (t) =>
  t.field({
    type: StartedType,
    permission: 'identity_providers:update',
    description:
      'Begins a sign-in at an identity provider, enabled or not, that signs nobody in, makes nobody a user and changes no role: it shows what the provider says, and what the rules would make of it.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The provider.' }) },
    resolve: (_, { input }, { services, actor }) => startTestSignIn(services, actor, input.id),
  }),
)
