import type { UserAccess } from '../../../contract/configuration/entities.ts'
import { builder } from '../../graphql/builder.ts'
import { expectedVersionField, StaleUpdate } from '../../graphql/concurrency-fields.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { confirmationFields, confirmed } from '../data-planes/index.ts'
import { setUserAccess } from './access.ts'
import { UserType } from './graphql.ts'
import { accessOf } from './snapshot.ts'

const allows = '`[]` none, `["*"]` all, otherwise names and patterns'
const denies = 'names and patterns, or `["*"]` for all; `[]` none'
const models =
  'The name that a caller writes, without its provider; an alias of a denied model is denied too.'
const providers = 'A renamed provider keeps its place in the list; a pattern means the names that there are.'

const UserAccessType = builder.objectRef<UserAccess>('UserAccess').implement({
  description:
    'What the virtual keys of a user may ask for, besides what each key allows itself. A call that goes beyond it is refused with `user_not_authorized`.',
  fields: (t) => ({
    allowedModels: t.exposeStringList('allowedModels', {
      description: `The models that may be called: ${allows}, \`regex:gpt-4o.*\`. ${models}`,
    }),
    deniedModels: t.exposeStringList('deniedModels', {
      description: `The models that may not be called, whatever is allowed: ${denies}. ${models}`,
    }),
    allowedProviders: t.exposeStringList('allowedProviders', {
      description: `The providers that may be used: ${allows}, \`regex:openai-.*\`. ${providers}`,
    }),
    deniedProviders: t.exposeStringList('deniedProviders', {
      description: `The providers that may not be used, whatever is allowed: ${denies}. ${providers}`,
    }),
  }),
})

builder.objectField(UserType, 'access', (t) =>
  t.field({
    type: UserAccessType,
    description: 'Which models and providers their virtual keys may use; everything unless restricted.',
    resolve: accessOf,
  }),
)

const SetUserAccessInput = builder.inputType('SetUserAccessInput', {
  description:
    'What the virtual keys of a user may ask for, those that there are and those to come. What is left out stays.',
  fields: (t) => ({
    ...expectedVersionField(t),
    userId: t.id({ required: true, description: 'The user.' }),
    allowedModels: t.stringList({ description: `The models that may be called: ${allows}.` }),
    deniedModels: t.stringList({ description: `The models that may not be called: ${denies}.` }),
    allowedProviders: t.stringList({ description: `Providers that may be used: ${allows}.` }),
    deniedProviders: t.stringList({ description: `Providers that may not be used: ${denies}.` }),
    ...confirmationFields(t),
  }),
})

builder.mutationField('setUserAccess', (t) =>
  t.field({
    type: UserType,
    permission: 'users:update',
    description:
      'Says which models and providers a user’s virtual keys may use. What is denied is not allowed, and nothing that a key itself may not becomes allowed.',
    errors: { types: [NotFound, StaleUpdate] },
    args: { input: t.arg({ type: SetUserAccessInput, required: true, description: 'The restriction.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => setUserAccess(services, actor, input)),
  }),
)
