import { builder } from '../../graphql/builder.ts'
import { IdempotencyKeyReused, idempotencyKeyField } from '../../graphql/concurrency-fields.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { listPage } from '../../graphql/pagination.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { IdentityProviderType } from '../identity-providers/index.ts'
import { type DirectorySyncRun, DirectorySyncRunEntity } from './entity.ts'
import { DirectoryNotSetUp, DirectorySyncUnderWay, NothingToConfirm } from './errors.ts'
import { importDirectoryUsers, syncDirectory } from './requests.ts'

const StateType = builder.enumType('DirectorySyncState', {
  description: 'How far a run is.',
  values: {
    WAITING: { value: 'waiting', description: 'A control plane is about to begin.' },
    READING: { value: 'reading', description: 'The directory is being read. Nothing has changed yet.' },
    APPLYING: { value: 'applying', description: 'It was read to its end; users are being changed.' },
    SUCCEEDED: { value: 'succeeded', description: 'Done. See `errors` for people whom it could not follow.' },
    GUARDED: {
      value: 'guarded',
      description:
        'Held back, and nothing was changed: more than 10 people, and more than 10 %, would have lost their access, all of their teams, or a role to one that allows less. See `confirmsRunId`.',
    },
    FAILED: {
      value: 'failed',
      description: 'The directory was not read to its end, and nothing was changed.',
    },
  } as const,
})

const TriggerType = builder.enumType('DirectorySyncTrigger', {
  description: 'Why a run was made.',
  values: {
    SCHEDULE: { value: 'schedule', description: '24 hours had passed since the last such run.' },
    REFUSAL: {
      value: 'refusal',
      description:
        'The provider refused to stand by somebody’s session: whether they have left, the directory says. At most once in 15 minutes; a refusal that comes earlier waits.',
    },
    REQUEST: { value: 'request', description: 'Somebody called `syncDirectory`.' },
    IMPORT: { value: 'import', description: 'Somebody called `importDirectoryUsers`: it only creates.' },
  } as const,
})

registerNodeType('dsr', 'DirectorySyncRun')

export const DirectorySyncRunType = builder.loadableNodeRef('DirectorySyncRun', {
  id: { resolve: (run: DirectorySyncRun) => run.id },
  load: (ids: string[], context) =>
    loadVisible(context, 'identity_providers:view', DirectorySyncRunEntity, ids),
})

DirectorySyncRunType.implement({
  description: 'One reading of an identity provider’s directory, and what came of it.',
  fields: (t) => ({
    identityProvider: t.field({
      type: IdentityProviderType,
      nullable: true,
      description: 'Whose directory; null when you may not see identity providers.',
      resolve: ({ providerId }) => providerId,
    }),
    trigger: t.expose('trigger', { type: TriggerType, description: 'Why it was made.' }),
    state: t.expose('state', { type: StateType, description: 'How far it is.' }),
    dryRun: t.exposeBoolean('dryRun', { description: 'Whether it only counts what it would do.' }),
    seen: t.exposeInt('seen', { description: 'People in the directory.' }),
    created: t.exposeInt('created', { description: 'People who became users.' }),
    updated: t.exposeInt('updated', {
      description: 'Users who got another role, other teams or a business unit, or their access again.',
    }),
    decommissioned: t.exposeInt('decommissioned', {
      description: 'Users who were switched off: the directory has them no more, or as inactive.',
    }),
    skipped: t.exposeInt('skipped', {
      description:
        'People who are no users and were not to become any, and users whom somebody switched off by hand.',
    }),
    errors: t.exposeInt('errors', { description: 'People whom it could not follow; the log says why.' }),
    leaving: t.exposeInt('leaving', {
      nullable: true,
      description:
        'Users who lose their access, all of their teams, or a role of the provider’s to one that allows less; null until it is known.',
    }),
    message: t.exposeString('message', { nullable: true, description: 'Why it was held back, or failed.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When it began.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
  }),
})

builder.queryField('directorySyncRuns', (t) =>
  t.connection(
    {
      type: DirectorySyncRunType,
      permission: 'identity_providers:view',
      description:
        'How often the directory of an identity provider was read, and what came of it, newest first.',
      args: { identityProviderId: t.arg.id({ description: 'Of this identity provider alone.' }) },
      resolve: (_, { identityProviderId, ...page }, context) =>
        listPage(context, DirectorySyncRunEntity, page, {
          ...(identityProviderId != null && { where: { providerId: identityProviderId } }),
          newestFirst: true,
        }),
    },
    { name: 'DirectorySyncRunConnection', description: 'A page of runs.' },
    { name: 'DirectorySyncRunEdge', description: 'A run with its cursor.' },
  ),
)

const SyncDirectoryInput = builder.inputType('SyncDirectoryInput', {
  description: 'Whose people are to be held against their directory now.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    identityProviderId: t.id({ required: true, description: 'The identity provider.' }),
    dryRun: t.boolean({
      description: 'True counts what would be done, and does nothing. False unless said.',
    }),
    confirmsRunId: t.id({
      description:
        'The provider’s last run, which was held back: as many users as it says in `leaving` may lose theirs.',
    }),
  }),
})

export const DirectoryFilterInput = builder.inputType('DirectoryFilter', {
  description: 'Which people of a directory; all that is said has to hold.',
  fields: (t) => ({
    search: t.string({ description: 'Part of their name or e-mail address, in whatever case.' }),
    groups: t.stringList({
      description: 'At most 50 groups or roles that rules ask for: they have one of them.',
    }),
  }),
})

const ImportDirectoryUsersInput = builder.inputType('ImportDirectoryUsersInput', {
  description: 'Who in a directory is to become a user.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    identityProviderId: t.id({ required: true, description: 'The identity provider.' }),
    filter: t.field({ type: DirectoryFilterInput, description: 'Which people; all unless said.' }),
  }),
})

builder.mutationFields((t) => ({
  syncDirectory: t.field({
    type: DirectorySyncRunType,
    permission: 'identity_providers:update',
    description:
      'Has users held against their directory now. The run goes on by itself: look at it with `node`.',
    errors: {
      types: [NotFound, DirectoryNotSetUp, DirectorySyncUnderWay, NothingToConfirm, IdempotencyKeyReused],
    },
    args: { input: t.arg({ type: SyncDirectoryInput, required: true, description: 'Which directory.' }) },
    resolve: (_, { input }, { services, actor }) => syncDirectory(services, actor, input),
  }),
  importDirectoryUsers: t.field({
    type: DirectorySyncRunType,
    permission: 'users:create',
    description:
      'Reads a directory and makes users of people who are none yet, as far as rules give them a role. Whoever is one stays as they are.',
    errors: { types: [NotFound, DirectoryNotSetUp, DirectorySyncUnderWay, IdempotencyKeyReused] },
    args: { input: t.arg({ type: ImportDirectoryUsersInput, required: true, description: 'Who.' }) },
    resolve: (_, { input }, { services, actor }) => importDirectoryUsers(services, actor, input),
  }),
}))
