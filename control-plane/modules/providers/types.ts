import { builder } from '../../graphql/builder.ts'
import { versionDescription } from '../../graphql/concurrency-fields.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { transactionOf } from '../../service-context.ts'
import { abandonments, type Provider, ProviderEntity } from './entity.ts'
import { type ProviderKey, ProviderKeyEntity } from './provider-key-entity.ts'

registerNodeType('prov', 'Provider')
registerNodeType('pk', 'ProviderKey')

export const ProviderKeyType = builder.loadableNodeRef('ProviderKey', {
  id: { resolve: (key: ProviderKey) => key.id },
  load: (ids: string[], context) => loadVisible(context, 'provider_keys:view', ProviderKeyEntity, ids),
})

ProviderKeyType.implement({
  description:
    'A credential with which data planes sign in at a provider. Its secret is stored encrypted and can be replaced, never read.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', { description: 'Unique among the keys of its provider.' }),
    weight: t.exposeFloat('weight', {
      description: 'Its share of the provider’s calls, relative to the other keys.',
    }),
    active: t.exposeBoolean('active', { description: 'Whether data planes use it.' }),
    maxConcurrentCalls: t.exposeInt('maxConcurrentCalls', {
      nullable: true,
      description:
        'How many calls may be under way with it at once, over all data planes: the next goes with another key of the provider. Null: any number.',
    }),
    credentialId: t.exposeID('credentialId', {
      description: 'Names the present secret without telling it; every rotation makes a new one.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was added.' }),
    exposedAt: t.expose('exposedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'Since when a data plane that is revoked knows the present secret: make a new one at the provider, put it here with `rotateProviderKey`, and end the old one at the provider. Null: no such data plane knows it.',
    }),
  }),
})

const [abort, drain, drainCapped] = abandonments

export const WhenCallerLeavesType = builder.enumType('WhenCallerLeaves', {
  description:
    'What becomes of an answer whose caller has left before its end. What it costs is known only at its end; until then all that was set aside counts as spent.',
  values: {
    ABORT: {
      value: abort,
      description:
        'It is broken off at once, and costs all that was set aside: a provider may have generated all of it by then.',
    },
    DRAIN: {
      value: drain,
      description:
        'It is read to its end, within the longest time of a call, and costs what the provider says.',
    },
    DRAIN_CAPPED: {
      value: drainCapped,
      description:
        'It is read on for as long as the `provider` plugin says in `drainMs`, ten seconds unless said, and then broken off.',
    },
  } as const,
})

export const ProviderType = builder.loadableNodeRef('Provider', {
  id: { resolve: (provider: Provider) => provider.id },
  load: (ids: string[], context) => loadVisible(context, 'providers:view', ProviderEntity, ids),
})

ProviderType.implement({
  description: 'A service that answers inference and speaks the OpenAI API below its base URL.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', {
      description: 'Unique; the part before the slash when a call names `provider/model`.',
    }),
    baseUrl: t.exposeString('baseUrl', { description: 'Such as `https://api.openai.com/v1`.' }),
    allowPrivateNetwork: t.exposeBoolean('allowPrivateNetwork', {
      description: 'Whether the base URL may name a loopback, private or link-local host.',
    }),
    active: t.exposeBoolean('active', { description: 'Whether calls may go to it.' }),
    connectTimeoutMs: t.exposeInt('connectTimeoutMs', {
      description: 'Longest time to connect, in milliseconds.',
    }),
    idleTimeoutMs: t.exposeInt('idleTimeoutMs', {
      description: 'Longest silence before the answer begins and between two of its pieces, in milliseconds.',
    }),
    whenCallerLeaves: t.expose('whenCallerLeaves', {
      type: WhenCallerLeavesType,
      description: 'What becomes of its answer when the caller has left.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    keys: t.loadableGroup({
      type: ProviderKeyType,
      permission: 'provider_keys:view',
      description: 'Its keys, oldest first.',
      load: (providerIds: string[], { services, actor }) =>
        transactionOf(services, actor, (em) =>
          em.find(ProviderKeyEntity, { providerId: { $in: providerIds } }, { orderBy: { id: 'asc' } }),
        ),
      // A loadable type may also be given by id; `load` gives rows.
      group: (key) => (key as ProviderKey).providerId,
      resolve: ({ id }) => id,
    }),
  }),
})
