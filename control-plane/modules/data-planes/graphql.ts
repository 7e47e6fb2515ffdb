import { builder } from '../../graphql/builder.ts'
import { AlreadyIssued, IdempotencyKeyReused, idempotencyKeyField } from '../../graphql/concurrency-fields.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { listPage } from '../../graphql/pagination.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { ProviderKeyType } from '../providers/index.ts'
import { confirmed } from './confirmation.ts'
import { RevocationInput } from './confirmation-graphql.ts'
import { type DataPlane, DataPlaneEntity, type ReportedPlugin } from './entity.ts'
import { readExposedKeys } from './exposed-keys.ts'
import { appliedVersion, readLags } from './lag.ts'
import { createEnrolmentToken, type IssuedEnrolmentToken, revokeDataPlane } from './service.ts'

registerNodeType('dp', 'DataPlane')

const DataPlaneStatus = builder.enumType('DataPlaneStatus', {
  description: 'Where a data plane stands.',
  values: {
    AWAITING: { description: 'It has not applied a configuration yet.' },
    APPLIED: { description: 'It runs the version that it reported.' },
    REFUSED: { description: 'It refused what it was offered and keeps running its last good version.' },
    REVOKED: { description: 'It is no longer part of the organization.' },
  } as const,
})

const statuses = { awaiting: 'AWAITING', applied: 'APPLIED', refused: 'REFUSED' } as const

const DataPlanePluginType = builder.objectRef<ReportedPlugin>('DataPlanePlugin').implement({
  description: 'A plugin that a data plane has loaded.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    version: t.exposeString('version', { description: 'Its version.' }),
    builtin: t.exposeBoolean('builtin', { description: 'Whether it comes with Gatehouse.' }),
    configSchema: t.expose('configSchema', {
      type: 'JSON',
      description: 'JSON Schema of its configuration.',
    }),
  }),
})

interface Nack {
  readonly epoch: number | null
  readonly revision: number | null
  readonly reason: string
}

const DataPlaneNackType = builder.objectRef<Nack>('DataPlaneNack').implement({
  description: 'The refusal of a version of the configuration by a data plane.',
  fields: (t) => ({
    epoch: t.exposeInt('epoch', {
      nullable: true,
      description: 'Epoch of the version that it refused; null when not even that could be read.',
    }),
    revision: t.exposeInt('revision', {
      nullable: true,
      description: 'Revision that it refused; null when not even that could be read.',
    }),
    reason: t.exposeString('reason', { description: 'Why, in words for an operator.' }),
  }),
})

export const DataPlaneType = builder.loadableNodeRef('DataPlane', {
  id: { resolve: (dataPlane: DataPlane) => dataPlane.id },
  load: (ids: string[], context) => loadVisible(context, 'data_planes:view', DataPlaneEntity, ids),
})

DataPlaneType.implement({
  description: 'A server that enrolled to answer inference for the organization.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'As it called itself when it enrolled.' }),
    version: t.exposeString('version', { description: 'The release that it runs.' }),
    status: t.field({
      type: DataPlaneStatus,
      description: 'Where it stands.',
      resolve: ({ revokedAt, applyStatus }) => (revokedAt ? 'REVOKED' : statuses[applyStatus]),
    }),
    appliedEpoch: t.exposeInt('appliedEpoch', {
      nullable: true,
      description: 'Epoch of the configuration that it runs.',
    }),
    appliedRevision: t.exposeInt('appliedRevision', {
      nullable: true,
      description: 'Revision of the configuration that it runs.',
    }),
    lag: t.loadable({
      type: 'Int',
      description: 'How many committed revisions it does not run yet; 0 when it runs the newest.',
      load: async (versions: string[], { services, actor }) =>
        (await readLags(services, actor, versions)).map(({ revisions }) => revisions),
      resolve: appliedVersion,
    }),
    behindSince: t.loadable({
      type: 'DateTime',
      nullable: true,
      description:
        'When the oldest revision that it does not run was committed; null when it runs the newest. More than a few seconds ago: see `nack` and `lastSeenAt`.',
      load: async (versions: string[], { services, actor }) =>
        (await readLags(services, actor, versions)).map(({ since }) => since),
      resolve: appliedVersion,
    }),
    nack: t.field({
      type: DataPlaneNackType,
      nullable: true,
      description:
        'What it was offered last and refused; it keeps running its last good version. Null when it refused nothing.',
      resolve: ({ applyStatus, refusedEpoch, refusedRevision, lastError }) =>
        applyStatus === 'refused'
          ? { epoch: refusedEpoch, revision: refusedRevision, reason: lastError ?? 'unknown' }
          : null,
    }),
    lastError: t.exposeString('lastError', {
      nullable: true,
      description: 'What is wrong with the configuration that it runs or was offered; null when all is well.',
    }),
    ignored: t.exposeStringList('ignored', {
      description:
        'What it skips of the configuration because its release does not know it, and may skip because the configuration says so: `virtual_key.hint (in 12)`. Empty when it reads everything; otherwise upgrade it.',
    }),
    heldBack: t.exposeStringList('heldBack', {
      description:
        'What it does not serve because its release cannot read it whole: calls that need it are refused with 503 `config_unavailable`. Each with the reason; of many only the first 20 and their number. Empty when it serves everything; otherwise upgrade it.',
    }),
    lastSeenAt: t.expose('lastSeenAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it reported last.',
    }),
    enrolledAt: t.expose('enrolledAt', { type: 'DateTime', description: 'When it enrolled.' }),
    trustedKeys: t.stringList({
      nullable: true,
      description:
        'Ids of the control plane’s signing keys that it believes, while `gatehouse rotate-signing-key` is under way the old one and the new one; null: only the key of its enrolment.',
      resolve: ({ trustedKeys }) => trustedKeys,
    }),
    exposedProviderKeys: t.loadableList({
      type: ProviderKeyType,
      permission: 'provider_keys:view',
      description:
        'Of a revoked data plane: the provider keys whose secret it knew in clear and that have not been rotated since. Replace each at its provider.',
      load: (revokedAt: string[], { services, actor }) => readExposedKeys(services, actor, revokedAt),
      resolve: ({ revokedAt }) => revokedAt?.toISOString() ?? '',
    }),
    plugins: t.field({
      type: [DataPlanePluginType],
      description: 'The plugins that it has loaded, in no particular order.',
      resolve: ({ plugins }) => plugins,
    }),
  }),
})

builder.queryField('dataPlanes', (t) =>
  t.connection(
    {
      type: DataPlaneType,
      permission: 'data_planes:view',
      description: 'The data planes of your organization, oldest first.',
      resolve: (_, page, context) => listPage(context, DataPlaneEntity, page),
    },
    { name: 'DataPlaneConnection', description: 'A page of data planes.' },
    { name: 'DataPlaneEdge', description: 'A data plane with its cursor.' },
  ),
)

builder.queryField('dataPlane', (t) =>
  t.field({
    type: DataPlaneType,
    nullable: true,
    permission: 'data_planes:view',
    description: 'One data plane; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
)

const EnrolmentTokenType = builder.objectRef<IssuedEnrolmentToken>('EnrolmentToken').implement({
  description: 'With it one data plane enrols, once.',
  fields: (t) => ({
    token: t.exposeString('token', {
      description: 'GATEHOUSE_ENROLMENT_TOKEN of the data plane. Shown only here.',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when it can be used.' }),
  }),
})

const CreateEnrolmentTokenInput = builder.inputType('CreateEnrolmentTokenInput', {
  description: 'A new enrolment token.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    ttlSeconds: t.int({
      required: true,
      description: 'How long it can be used: 1 second to 7 days.',
    }),
  }),
})

builder.mutationFields((t) => ({
  createEnrolmentToken: t.field({
    type: EnrolmentTokenType,
    permission: 'data_planes:create',
    description: 'Creates a token with which one data plane may enrol.',
    errors: { types: [AlreadyIssued, IdempotencyKeyReused] },
    args: { input: t.arg({ type: CreateEnrolmentTokenInput, required: true, description: 'The token.' }) },
    resolve: (_, { input }, { services, actor }) => createEnrolmentToken(services, actor, input),
  }),
  revokeDataPlane: t.field({
    type: DataPlaneType,
    permission: 'data_planes:delete',
    description:
      'Ends a data plane’s membership: whatever it sends from now on is refused, and it receives no secret any more. What it knew it still knows: `exposedProviderKeys` of the answer are to be replaced.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: RevocationInput, required: true, description: 'The data plane.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => revokeDataPlane(services, actor, input)),
  }),
}))
