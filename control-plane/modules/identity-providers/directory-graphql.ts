import { builder } from '../../graphql/builder.ts'
import { expectedVersionField, StaleUpdate } from '../../graphql/concurrency-fields.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { approvable, approvalRefusals } from '../access-changes/index.ts'
import { RightsExceeded } from '../roles/index.ts'
import { removeDirectory, setDirectory } from './directory.ts'
import type { ConfiguredDirectory } from './entity.ts'
import { IdentityProviderType } from './types.ts'

const urlRule =
  'Where its API is; null: as the kind says. Within a private network name that in `trustedNetworks`.'
const clientRule = 'Of ENTRA and KEYCLOAK: the client that asks; null: the one that people sign in with.'
const adminRule = 'Of GOOGLE_WORKSPACE: the administrator in whose name the service account asks.'
const projectRule = 'Of ZITADEL: the project whose roles people have; null: roles are not read.'
const prefixRule =
  'Groups whose names begin otherwise are left out; of KEYCLOAK, one that begins with `/` says that groups are named by their paths.'
const reconcileRule = 'Whether people are held against it every 24 hours.'
const importRule = 'Whether people become users who have never signed in, as far as rules give them a role.'

const DirectoryType = builder.objectRef<ConfiguredDirectory>('IdentityProviderDirectory').implement({
  description: 'How an identity provider’s directory is asked. Its secret is never shown.',
  fields: (t) => ({
    url: t.exposeString('url', { nullable: true, description: urlRule }),
    clientId: t.exposeString('clientId', { nullable: true, description: clientRule }),
    adminEmail: t.exposeString('adminEmail', { nullable: true, description: adminRule }),
    projectId: t.exposeString('projectId', { nullable: true, description: projectRule }),
    groupPrefix: t.exposeString('groupPrefix', { description: prefixRule }),
    reconcileEnabled: t.exposeBoolean('isReconciled', { description: reconcileRule }),
    importsUsers: t.exposeBoolean('importsUsers', { description: importRule }),
  }),
})

builder.objectField(IdentityProviderType, 'directory', (t) =>
  t.field({
    type: DirectoryType,
    nullable: true,
    description: 'Its directory, with which people are reconciled every 24 hours; null: none is set up.',
    resolve: ({ directory }) => directory,
  }),
)

const SetDirectoryInput = builder.inputType('SetDirectoryInput', {
  description:
    'How the directory of an identity provider is asked. What is left out is as it usually is, but for the secret.',
  fields: (t) => ({
    ...expectedVersionField(t),
    identityProviderId: t.id({ required: true, description: 'The identity provider.' }),
    url: t.string({ description: urlRule }),
    clientId: t.string({ description: clientRule }),
    secret: t.string({
      description:
        'OKTA: an API token. ENTRA, KEYCLOAK: the secret of `clientId`; without both, the provider’s own. ZITADEL: a personal access token. GOOGLE_WORKSPACE: the JSON key of a service account. It is encrypted and never shown; left out, it stays, unless `url` or `clientId` change.',
    }),
    adminEmail: t.string({ description: adminRule }),
    projectId: t.string({ description: projectRule }),
    groupPrefix: t.string({ description: prefixRule }),
    reconcileEnabled: t.boolean({ description: `${reconcileRule} True unless said.` }),
    importsUsers: t.boolean({ description: `${importRule} False unless said.` }),
  }),
})

const RemoveDirectoryInput = builder.inputType('RemoveDirectoryInput', {
  description: 'Whose directory is no longer to be asked.',
  fields: (t) => ({
    ...expectedVersionField(t),
    identityProviderId: t.id({ required: true, description: 'The identity provider.' }),
  }),
})

builder.mutationFields((t) => ({
  setDirectory: t.field({
    type: IdentityProviderType,
    permission: 'identity_providers:update',
    description:
      'Sets up an identity provider’s directory. `verifyIdentityProvider` tries it; people sign in whether it answers or not.',
    errors: { types: [NotFound, StaleUpdate, RightsExceeded, ...approvalRefusals] },
    args: { input: t.arg({ type: SetDirectoryInput, required: true, description: 'The directory.' }) },
    resolve: approvable('setDirectory', setDirectory),
  }),
  removeDirectory: t.field({
    type: IdentityProviderType,
    permission: 'identity_providers:update',
    description:
      'Forgets how an identity provider’s directory is asked. Nobody is switched off or imported by it any more.',
    errors: { types: [NotFound, StaleUpdate, ...approvalRefusals] },
    args: {
      input: t.arg({ type: RemoveDirectoryInput, required: true, description: 'The identity provider.' }),
    },
    resolve: approvable('removeDirectory', removeDirectory),
  }),
}))
