import { builder } from '../../graphql/builder.ts'
import { WorkspaceType } from '../workspaces/index.ts'
import {
  explainPermission,
  type PermissionExplanation,
  type PermissionReason,
  type PolicyReason,
} from './explain-permission.ts'
import { RoleAssignmentType, RoleType, RowScopeType } from './types.ts'

const PermissionReasonType = builder.objectRef<PermissionReason>('PermissionReason').implement({
  description:
    'A role that the one asked about has, and what it does for the answer. A role that does nothing is listed too, and says why.',
  fields: (t) => ({
    role: t.expose('role', {
      type: RoleType,
      description: 'The role; of oneself it is told even to those who may not see roles.',
    }),
    via: t.expose('via', {
      type: [RoleType],
      description:
        'How the permission comes to the role: from the role itself, by what it inherits from, to the one that names the permission. One role: it names it itself. Empty: none does. Of several ways, the shortest.',
    }),
    assignment: t.expose('assignment', {
      type: RoleAssignmentType,
      nullable: true,
      description:
        'How the user has the role; `removeRoleAssignment` ends it. Null: it is the role of the API token asked about, which bounds whatever its user has.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the assignment, or the API token, ends by itself; null: never.',
    }),
    objectId: t.exposeID('objectId', {
      nullable: true,
      description: 'The only object that the role was given for; null: whatever the role reaches.',
    }),
    workspaces: t.field({
      type: [WorkspaceType],
      nullable: { list: true, items: true },
      description:
        'The only workspaces that the role is confined to, and those of an API token that it is confined to; null in place of one that you may not see. Null: all of the organization.',
      resolve: ({ workspaceIds }) => workspaceIds,
    }),
    rowScope: t.expose('rowScope', {
      type: RowScopeType,
      description: 'Whose virtual keys, usage and audit events the role shows.',
    }),
    counts: t.exposeBoolean('counts', {
      description:
        'Whether this role gives the permission there and now. For an API token that stands for a user, its own role and one of the user’s have to.',
    }),
    explanation: t.exposeString('explanation', {
      description:
        'Why it counts, or what stands in the way, in plain words: expired, given for another object, confined to other workspaces, withheld from a system role, and so on.',
    }),
  }),
})

const PolicyVerdictType = builder.enumType('AccessPolicyVerdict', {
  description: 'What an access policy does to a permission.',
  values: {
    ALLOWS: { value: 'allows', description: 'It takes nothing away there and now.' },
    DENIES: { value: 'denies', description: 'It denies.' },
    UNKNOWN: {
      value: 'unknown',
      description:
        'It depends on what is not known: on the request that somebody else would make, and then it denies; or on the thing, when none is named.',
    },
  } as const,
})

const PolicyReasonType = builder.objectRef<PolicyReason>('PermissionPolicyReason').implement({
  description: 'An access policy that is about the one asked about and about the permission.',
  fields: (t) => ({
    policyId: t.exposeID('policyId', { description: 'The policy: ask `accessPolicy(id)`.' }),
    name: t.exposeString('name', { description: 'Its name.' }),
    verdict: t.expose('verdict', { type: PolicyVerdictType, description: 'What it does there and now.' }),
    explanation: t.exposeString('explanation', {
      description: 'What it denies and when, in plain words, and so what would make it allow.',
    }),
  }),
})

const PermissionExplanationType = builder
  .objectRef<PermissionExplanation>('PermissionExplanation')
  .implement({
    description: 'Whether somebody may do something, and which of their roles is why.',
    fields: (t) => ({
      allowed: t.exposeBoolean('allowed', {
        description:
          'What the API would decide if they asked it now. It is computed by what decides there, not by a second set of rules. Of `inference:…`, what roles and the client configuration’s `rolesGovernInference` make of the calls that are charged to a user; what a virtual key, `User.access` or a budget allows is another matter.',
      }),
      explanation: t.exposeString('explanation', { description: 'The answer in plain words.' }),
      workspaces: t.field({
        type: [WorkspaceType],
        nullable: { list: true, items: true },
        description:
          'The only workspaces in which they may do anything, null in place of one that you may not see; empty: they may do nothing at all. Null: all of the organization.',
        resolve: ({ workspaceIds }) => workspaceIds,
      }),
      reasons: t.expose('reasons', {
        type: [PermissionReasonType],
        description:
          'Every role that they have, ended ones included, the oldest assignment first; of an API token, its own role comes before those of its user. Something is allowed exactly when a reason counts and no policy of `policies` stands against it; `inference:…` also while roles do not govern it. An API token makes no calls to data planes, and has no reason of `inference:…`.',
      }),
      policies: t.expose('policies', {
        type: [PolicyReasonType],
        description:
          'Every access policy that is about them and about the permission, the oldest first, also those that deny nothing now.',
      }),
    }),
  })

const ExplainPermissionInput = builder.inputType('ExplainPermissionInput', {
  description:
    'A question about somebody’s rights. Whom it is about: `userId` or `apiTokenId`; without either, you. Where: `objectId`, `workspaceId` or `organizationWide`; without any, anywhere at all.',
  fields: (t) => ({
    userId: t.id({
      description:
        'A user, as somebody who signs in. What they may do with an API token is a question about the token.',
    }),
    apiTokenId: t.id({ description: 'An API token; of others than your own only with `api_tokens:view`.' }),
    permission: t.string({
      required: true,
      description: 'What they want to do: one `resource:operation` of `permissionCatalog`.',
    }),
    objectId: t.id({
      description: 'To this one: a customer, a business unit, a team, a virtual key or a provider.',
    }),
    workspaceId: t.id({
      description: 'To things of this workspace; of `inference:…`, with its virtual keys.',
    }),
    organizationWide: t.boolean({
      description:
        'True: to things of the organization itself, which are in no workspace, such as users, roles, providers and models. To change these, somebody must not be confined to workspaces.',
    }),
  }),
})

builder.queryField('explainPermission', (t) =>
  t.field({
    type: PermissionExplanationType,
    permission: 'authenticated',
    description:
      'Why somebody may do something, or why not: role by role, with the inheritance that brings the permission, and what a role is confined to. Everybody may ask about themselves; about others it needs `roles:view`, besides `users:view` or `api_tokens:view`, and to see the object that is named.',
    args: {
      input: t.arg({ type: ExplainPermissionInput, required: true, description: 'The question.' }),
    },
    resolve: (_, { input }, context) => explainPermission(context, input),
  }),
)
