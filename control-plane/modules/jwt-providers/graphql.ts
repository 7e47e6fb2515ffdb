import { builder, type InputFields } from '../../graphql/builder.ts'
import {
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
} from '../../graphql/concurrency-fields.ts'
import { ByIdInput, DeletedType } from '../../graphql/deleted.ts'
import { listPage } from '../../graphql/pagination.ts'
import { NameTaken, NotFound } from '../../graphql/refusals.ts'
import { approvable, approvalRefusals, type ById } from '../access-changes/index.ts'
import { confirmationFields, confirmed } from '../data-planes/index.ts'
import { RightsExceeded } from '../roles/index.ts'
import { JwtProviderEntity } from './entity.ts'
import { IssuerTaken, JwtProviderHasNoKeys, JwtProviderHasNoUrl } from './errors.ts'
import { refreshJwtProviderKeys } from './refresh.ts'
import { createJwtProvider, deleteJwtProvider, setJwtProviderEnabled, updateJwtProvider } from './service.ts'
import { JwtProviderType, TokenAlgorithmType, texts } from './types.ts'

builder.queryFields((t) => ({
  jwtProvider: t.field({
    type: JwtProviderType,
    nullable: true,
    permission: 'identity_providers:view',
    description: 'One JWT provider; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  jwtProviders: t.connection(
    {
      type: JwtProviderType,
      permission: 'identity_providers:view',
      description:
        'Whose tokens the people of your organization call with, beside Gatehouse’s own; oldest first.',
      resolve: (_, page, context) => listPage(context, JwtProviderEntity, page),
    },
    { name: 'JwtProviderConnection', description: 'A page of JWT providers.' },
    { name: 'JwtProviderEdge', description: 'A JWT provider with its cursor.' },
  ),
}))

const RequiredClaimInput = builder.inputType('RequiredClaimInput', {
  description: 'What a token must say.',
  fields: (t) => ({
    claim: t.string({ required: true, description: 'The name of the claim; no path.' }),
    value: t.string({ required: true, description: 'Its value, or one of its values when it is a list.' }),
  }),
})

const sourceFields = (t: InputFields) => ({
  jwksUrl: t.string({
    description: `${texts.jwksUrl} Of all algorithms but HS256, which need this or \`keys\`.`,
  }),
  keys: t.field({
    type: 'JSON',
    description:
      'Its public keys as a key set, `{"keys": [...]}`, at most 50, in place of `jwksUrl`; none that is private, symmetric or weak.',
  }),
  secret: t.string({
    description:
      'Of HS256, which needs it: at least 32 bytes of random text, taken as its bytes in UTF-8. It is encrypted and never shown, and reaches data planes encrypted to each of them.',
  }),
})

const changeFields = (t: InputFields) => ({
  ...sourceFields(t),
  tokenTypes: t.stringList({ description: `${texts.tokenTypes} At most 10.` }),
  requiredClaims: t.field({
    type: [RequiredClaimInput],
    description: `${texts.requiredClaims} At most 20, each claim once.`,
  }),
  subjectClaim: t.string({
    description: `${texts.subjectClaim} As the identity provider’s kind says unless given: \`oid\` of Entra, else \`sub\`.`,
  }),
  maxAgeSeconds: t.int({ description: `${texts.maxAge} 3600 unless said.` }),
  opensControlPlane: t.boolean({ description: `${texts.opensControlPlane} False unless said.` }),
  trustedNetworks: t.stringList({ description: texts.trustedNetworks }),
})

const CreateJwtProviderInput = builder.inputType('CreateJwtProviderInput', {
  description:
    'A new JWT provider, whose tokens are not believed until it is enabled. Whoever creates one has every role of the people that it names.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    name: t.string({ required: true, description: '1 to 128 characters, unique in the organization.' }),
    issuer: t.string({
      required: true,
      description:
        '`iss` of its tokens, to the letter, unique in the organization; it never changes. That of an identity provider belongs to that one.',
    }),
    identityProviderId: t.id({
      required: true,
      description: 'The identity provider whose people the tokens name; it never changes.',
    }),
    audiences: t.stringList({
      required: true,
      description: `${texts.audiences} 1 to 20; not the \`clientId\` of the identity provider, which stands in ID tokens.`,
    }),
    algorithm: t.field({
      type: TokenAlgorithmType,
      required: true,
      description: 'The only one; it never changes.',
    }),
    ...changeFields(t),
  }),
})

const UpdateJwtProviderInput = builder.inputType('UpdateJwtProviderInput', {
  description:
    'What to change about a JWT provider; a field that is left out stays as it is. Whoever changes one has every role of the people that it names.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The JWT provider.' }),
    name: t.string({ description: 'Its new name.' }),
    audiences: t.stringList({ description: texts.audiences }),
    ...changeFields(t),
    ...confirmationFields(t),
  }),
})

const SetJwtProviderEnabledInput = builder.inputType('SetJwtProviderEnabledInput', {
  description: 'Whether the tokens of a JWT provider are believed.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The JWT provider.' }),
    enabled: t.boolean({
      required: true,
      description: 'True has them believed; whoever says so has every role of the people that it names.',
    }),
    ...confirmationFields(t),
  }),
})

const approveUpdate = approvable('updateJwtProvider', updateJwtProvider)
const approveEnabled = approvable('setJwtProviderEnabled', setJwtProviderEnabled)

builder.mutationFields((t) => ({
  createJwtProvider: t.field({
    type: JwtProviderType,
    permission: 'identity_providers:create',
    description:
      'Creates a JWT provider. One with `jwksUrl` then needs `refreshJwtProviderKeys`; then enable it.',
    errors: {
      types: [NotFound, NameTaken, IssuerTaken, RightsExceeded, IdempotencyKeyReused, ...approvalRefusals],
    },
    args: { input: t.arg({ type: CreateJwtProviderInput, required: true, description: 'The provider.' }) },
    resolve: approvable('createJwtProvider', createJwtProvider),
  }),
  updateJwtProvider: t.field({
    type: JwtProviderType,
    permission: 'identity_providers:update',
    description:
      'Changes a JWT provider; an enabled one stays so. With another `jwksUrl` no token is believed until its keys are fetched, within seconds.',
    errors: { types: [NotFound, NameTaken, StaleUpdate, RightsExceeded, ...approvalRefusals] },
    args: { input: t.arg({ type: UpdateJwtProviderInput, required: true, description: 'The change.' }) },
    resolve: (_, args, context) =>
      confirmed(context.services, context.actor, args.input, () => approveUpdate(_, args, context)),
  }),
  refreshJwtProviderKeys: t.field({
    type: JwtProviderType,
    permission: 'identity_providers:update',
    description:
      'Fetches the keys of a JWT provider from its `jwksUrl` now, and tells every data plane; `keysProblem` says what was wrong. A key that the issuer withdrew is otherwise believed for up to a minute, or a day while its keys cannot be fetched.',
    errors: { types: [NotFound, JwtProviderHasNoUrl] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The provider.' }) },
    resolve: (_, { input }, { services, actor }) => refreshJwtProviderKeys(services, actor, input.id),
  }),
  setJwtProviderEnabled: t.field({
    type: JwtProviderType,
    permission: 'identity_providers:update',
    description: 'Has the tokens of a JWT provider believed, or no more.',
    errors: { types: [NotFound, StaleUpdate, JwtProviderHasNoKeys, RightsExceeded, ...approvalRefusals] },
    args: {
      input: t.arg({
        type: SetJwtProviderEnabledInput,
        required: true,
        description: 'Which provider, and whether.',
      }),
    },
    resolve: (_, args, context) =>
      confirmed(context.services, context.actor, args.input, () => approveEnabled(_, args, context)),
  }),
  deleteJwtProvider: t.field({
    type: DeletedType,
    permission: 'identity_providers:delete',
    description: 'Deletes a JWT provider: its tokens are not believed any more.',
    errors: { types: [NotFound, ...approvalRefusals] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The provider.' }) },
    resolve: approvable('deleteJwtProvider', (services, actor, { id }: ById) =>
      deleteJwtProvider(services, actor, id),
    ),
  }),
}))
