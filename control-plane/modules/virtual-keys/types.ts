import { builder } from '../../graphql/builder.ts'
import { versionDescription } from '../../graphql/concurrency-fields.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { transactionOf } from '../../service-context.ts'
import { CustomerType } from '../customers/index.ts'
import { ProviderType } from '../providers/index.ts'
import { TeamType } from '../teams/index.ts'
import { UserType } from '../users/index.ts'
import { WorkspaceType } from '../workspaces/index.ts'
import { type VirtualKey, VirtualKeyEntity } from './entity.ts'
import { ContentLoggingType, VirtualKeyPriorityType } from './inputs.ts'
import { type ProviderConfig, ProviderConfigEntity } from './provider-config-entity.ts'

registerNodeType('vk', 'VirtualKey')
registerNodeType('pc', 'ProviderConfig')

export const VirtualKeyStatusType = builder.enumType('VirtualKeyStatus', {
  description: 'Whether a key works. A key past its `expiresAt` does not, whatever its status.',
  values: {
    ACTIVE: { value: 'active', description: 'It works.' },
    INACTIVE: { value: 'inactive', description: 'Switched off; it can be switched on again.' },
    REVOKED: { value: 'revoked', description: 'Ended for good.' },
  } as const,
})

export const ProviderConfigType = builder.loadableNodeRef('ProviderConfig', {
  id: { resolve: (config: ProviderConfig) => config.id },
  load: (ids: string[], context) => loadVisible(context, 'virtual_keys:view', ProviderConfigEntity, ids),
})

ProviderConfigType.implement({
  description: 'What a virtual key may do with one provider; the narrowest level with a budget and a limit.',
  fields: (t) => ({
    provider: t.field({
      type: ProviderType,
      nullable: true,
      description: 'The provider.',
      resolve: ({ providerId }) => providerId,
    }),
    weight: t.exposeFloat('weight', {
      nullable: true,
      description:
        'Its share of the calls that name no provider, relative to the other configurations of the key. Null: it takes part only when a call names it, or when no configuration with a weight can serve.',
    }),
    active: t.exposeBoolean('active', {
      description: 'Whether the key may use the provider at present.',
    }),
    allowedModels: t.exposeStringList('allowedModels', {
      description:
        'The models that may be called: `[]` none, `["*"]` all, otherwise their names and patterns, `regex:gpt-4o.*`.',
    }),
    blockedModels: t.exposeStringList('blockedModels', {
      description: 'Names and patterns of models that may not be called, whatever is allowed.',
    }),
    providerKeyIds: t.exposeStringList('providerKeyIds', {
      description: 'The provider keys that may be used: `[]` none, `["*"]` all, otherwise their ids.',
    }),
  }),
})

export const VirtualKeyType = builder.loadableNodeRef('VirtualKey', {
  id: { resolve: (key: VirtualKey) => key.id },
  load: (ids: string[], context) => loadVisible(context, 'virtual_keys:view', VirtualKeyEntity, ids),
})

VirtualKeyType.implement({
  description:
    'The only credential that an application presents on an inference call. Its secret is shown once, when it is issued or rotated, and kept nowhere.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', { description: 'For people; need not be unique.' }),
    status: t.expose('status', { type: VirtualKeyStatusType, description: 'Whether it works.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it stops working; null: never.',
    }),
    description: t.exposeString('description', { description: 'What it is for; may be empty.' }),
    tags: t.exposeStringList('tags', { description: 'Words by which it is found again, sorted.' }),
    priority: t.expose('priority', {
      type: VirtualKeyPriorityType,
      description: 'Whether its calls are refused first or last when a data plane is at its capacity.',
    }),
    allowAllProviders: t.exposeBoolean('allowAllProviders', {
      description:
        'Whether it may also use the providers that it has no configuration for, with every model.',
    }),
    contentLogging: t.expose('contentLogging', {
      type: ContentLoggingType,
      description: 'Whether the bodies of its calls may be logged.',
    }),
    deleteAfterExpiry: t.exposeBoolean('deleteAfterExpiry', {
      description: 'Whether it is deleted within a minute after it expires.',
    }),
    requireFreshSeconds: t.exposeInt('requireFreshSeconds', {
      nullable: true,
      description:
        'Its calls are refused while a data plane has not heard from its control plane for so many seconds. Null: as long as for all keys.',
    }),
    maxConcurrentCalls: t.exposeInt('maxConcurrentCalls', {
      nullable: true,
      description: 'How many of its calls may be under way at once, over all data planes. Null: any number.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was issued.' }),
    rotatedAt: t.expose('rotatedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it last got a new secret; null: it still has its first.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null while it is not.',
    }),
    workspace: t.field({
      type: WorkspaceType,
      nullable: true,
      description: 'Where it lives.',
      resolve: ({ workspaceId }) => workspaceId,
    }),
    customer: t.field({
      type: CustomerType,
      nullable: true,
      description: 'Its owner, when a customer owns it.',
      resolve: ({ customerId }) => customerId,
    }),
    team: t.field({
      type: TeamType,
      nullable: true,
      description: 'Its owner, when a team owns it.',
      resolve: ({ teamId }) => teamId,
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'Its owner, when a user owns it.',
      resolve: ({ userId }) => userId,
    }),
    providerConfigs: t.loadableGroup({
      type: ProviderConfigType,
      description: 'The providers that it may use. Without any it may call nothing.',
      load: (keyIds: string[], { services, actor }) =>
        transactionOf(services, actor, (em) =>
          em.find(ProviderConfigEntity, { virtualKeyId: { $in: keyIds } }, { orderBy: { id: 'asc' } }),
        ),
      // A loadable type may also be given by id; `load` gives rows.
      group: (config) => (config as ProviderConfig).virtualKeyId,
      resolve: ({ id }) => id,
    }),
  }),
})
