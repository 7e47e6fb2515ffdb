import { builder } from '../../graphql/builder.ts'
import { expectedSettingsVersionField, StaleUpdate } from '../../graphql/concurrency-fields.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { RoleType } from '../roles/index.ts'
import type { MfaRule } from './entity.ts'
import { MfaLocksOut } from './errors.ts'
import { readMfaPolicy, setMfaPolicy, type VersionedRules } from './service.ts'

const permissionsRule =
  'The permissions whose use needs it, each `resource:operation`, `*` for either or alone for all; those of later releases too.'
const rolesRule =
  'The roles whose permissions need it, whatever gives them; and those of roles that inherit from one.'
const acrRule =
  'Of the classes that the ID token names (`acr`, Entra’s `acrs`), one of these. Without `acrValues` and `amr`: what counts as MFA at the person’s identity provider.'
const amrRule =
  'Of the methods that the ID token names (`amr`), one of these; besides `acrValues`, where both are given.'
const ageRule =
  'How long ago the person may have proved who they are, 60 to 86400 seconds; null: as long as the session lasts. Who has a provider that does not tell when is asked each time.'
const exemptRule =
  'Whether API tokens need nothing. If not, a token passes that was issued by somebody who passed then but for the age, or by `gatehouse create-admin-token`; false unless said.'

const MfaRuleType = builder.objectRef<MfaRule>('MfaRule').implement({
  description: 'What has to be proved before some permissions are used.',
  fields: (t) => ({
    permissions: t.stringList({ description: permissionsRule, resolve: (rule) => [...rule.permissions] }),
    roles: t.field({
      type: [RoleType],
      nullable: { list: false, items: true },
      description: `${rolesRule} Null in place of one that is gone or that you may not see.`,
      resolve: ({ roleIds }) => roleIds,
    }),
    acrValues: t.stringList({ description: acrRule, resolve: (rule) => [...rule.acrValues] }),
    amr: t.stringList({ description: amrRule, resolve: (rule) => [...rule.amr] }),
    maxAgeSeconds: t.exposeInt('maxAgeSeconds', { nullable: true, description: ageRule }),
    exemptsTokens: t.exposeBoolean('exemptsTokens', { description: exemptRule }),
  }),
})

const MfaPolicyType = builder.objectRef<VersionedRules>('MfaPolicy').implement({
  description: 'Who has to prove more than that they are signed in, and for what.',
  fields: (t) => ({
    version: t.exposeInt('version', {
      description: 'Raised with each change, 0 for none yet; see `expectedVersion`.',
    }),
    rules: t.field({
      type: [MfaRuleType],
      description: 'All that are about a permission must be met.',
      resolve: ({ rules }) => rules,
    }),
  }),
})

builder.queryField('mfaPolicy', (t) =>
  t.field({
    type: MfaPolicyType,
    permission: 'mfa_policy:view',
    description:
      'What people have to prove besides being signed in. Where that is missing, the error `MFA_REQUIRED` (401, RFC 9470) says where they do, in `stepUpUrl`.',
    resolve: (_, _args, { services, actor }) => readMfaPolicy(services, actor),
  }),
)

const MfaRuleInput = builder.inputType('MfaRuleInput', {
  description: 'What has to be proved before some permissions are used; with permissions, roles, or both.',
  fields: (t) => ({
    permissions: t.stringList({ description: permissionsRule }),
    roleIds: t.idList({ description: rolesRule }),
    acrValues: t.stringList({ description: acrRule }),
    amr: t.stringList({ description: amrRule }),
    maxAgeSeconds: t.int({ description: ageRule }),
    exemptsTokens: t.boolean({ description: exemptRule }),
  }),
})

const SetMfaPolicyInput = builder.inputType('SetMfaPolicyInput', {
  description: 'The rules that are to hold, in place of those that do.',
  fields: (t) => ({
    ...expectedSettingsVersionField(t),
    rules: t.field({ type: [MfaRuleInput], required: true, description: 'At most 50; `[]`: nothing more.' }),
  }),
})

builder.mutationField('setMfaPolicy', (t) =>
  t.field({
    type: MfaPolicyType,
    permission: 'mfa_policy:update',
    description:
      'Replaces the rules, from the next request on. You must pass each of them yourself at this moment.',
    errors: { types: [NotFound, StaleUpdate, MfaLocksOut] },
    args: { input: t.arg({ type: SetMfaPolicyInput, required: true, description: 'The rules.' }) },
    resolve: (_, { input }, { services, actor }) => setMfaPolicy(services, actor, input),
  }),
)
