import { resolveCursorConnection } from '@pothos/plugin-relay'
import { builder } from '../../graphql/builder.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { checkPage, defaultPageSize, maximumPageSize } from '../../graphql/pagination.ts'
import { AuditActorType } from '../audit/index.ts'
import type { EntityChange, FieldChange } from './diff.ts'
import { cursorOf, type RevisionName } from './revision-name.ts'
import {
  type ConfigurationRevision,
  countRevisions,
  listRevisions,
  readRevision,
  readRevisionChanges,
} from './revisions.ts'

const FieldChangeType = builder.objectRef<FieldChange>('ConfigurationFieldChange').implement({
  description: 'One line of a diff.',
  fields: (t) => ({
    field: t.exposeString('field', {
      description: 'Which value: `name`, `owner.id`, `providerConfigs[pc_01…].weight`.',
    }),
    old: t.expose('old', {
      type: 'JSON',
      nullable: true,
      description: 'What it was; null before it was there. A secret is told as `"hidden"`.',
    }),
    new: t.expose('new', {
      type: 'JSON',
      nullable: true,
      description: 'What it became; null once it is gone. A secret is told as `"hidden"`.',
    }),
  }),
})

const ConfigurationActionType = builder.enumType('ConfigurationAction', {
  description: 'What a revision did to an entity.',
  values: {
    CREATED: { value: 'created', description: 'It was not there before.' },
    UPDATED: { value: 'updated', description: 'Some of its fields changed.' },
    DELETED: { value: 'deleted', description: 'It is not there any more.' },
  } as const,
})

export const EntityChangeType = builder.objectRef<EntityChange>('ConfigurationChange').implement({
  description: 'What a revision changed about one entity.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: '`virtual_key`, `provider`, `budget`, `role`, …' }),
    id: t.exposeID('id', { description: 'Its id; it may be deleted since.' }),
    name: t.exposeString('name', { nullable: true, description: 'Its name; null for what has none.' }),
    action: t.expose('action', { type: ConfigurationActionType, description: 'What happened to it.' }),
    fields: t.field({
      type: [FieldChangeType],
      description: 'The fields that changed; of what was created or deleted, all of them.',
      resolve: ({ fields }) => fields,
    }),
  }),
})

export const ConfigurationRevisionType = builder
  .objectRef<ConfigurationRevision>('ConfigurationRevision')
  .implement({
    description:
      'One change of the organization’s configuration. Data planes get those parts of it that they need.',
    fields: (t) => ({
      epoch: t.exposeInt('epoch', { description: 'Lineage: raised when the database was restored.' }),
      revision: t.exposeInt('revision', { description: 'Raised by one with every change.' }),
      hash: t.exposeString('hash', {
        nullable: true,
        description: 'SHA-256 over the whole configuration; null until it is published.',
      }),
      at: t.expose('at', { type: 'DateTime', description: 'When it was made.' }),
      actor: t.field({
        type: AuditActorType,
        nullable: true,
        description: 'Who made it; null for what Gatehouse did by itself.',
        resolve: ({ author }) => author,
      }),
      changes: t.loadableList({
        type: EntityChangeType,
        description: 'What it changed, entity by entity. Never a secret.',
        load: (cursors: string[], { services, actor }) =>
          readRevisionChanges(services, actor, cursors.map(parseCursor)),
        resolve: (revision) => cursorOf(revision),
      }),
    }),
  })

builder.queryFields((t) => ({
  configurationRevision: t.field({
    type: ConfigurationRevisionType,
    nullable: true,
    permission: 'configuration:view',
    description:
      'One revision; null when there is none. One that is older than the history (`CONFIGURATION_HISTORY_DAYS` of the installation) is refused, and told where it begins.',
    args: {
      epoch: t.arg.int({ required: true, description: 'Its epoch.' }),
      revision: t.arg.int({ required: true, description: 'Its number.' }),
    },
    resolve: (_, name, { services, actor }) => readRevision(services, actor, name),
  }),
  configurationRevisions: t.connection(
    {
      type: ConfigurationRevisionType,
      permission: 'configuration:view',
      description:
        'Every change of the configuration, newest first: who made it, when, and what it was. Changes of longer ago than the installation keeps them (`CONFIGURATION_HISTORY_DAYS`, 90 days) are gone.',
      resolve: async (_, args, { services, actor }) => {
        checkPage(args)
        const page = await resolveCursorConnection(
          { args, defaultSize: defaultPageSize, maxSize: maximumPageSize, toCursor: cursorOf },
          ({ before, after, limit, inverted }: CursorBounds) =>
            listRevisions(services, actor, {
              newerThan: before === undefined ? undefined : parseCursor(before),
              olderThan: after === undefined ? undefined : parseCursor(after),
              limit,
              isNewestFirst: !inverted,
            }),
        )
        return { ...page, totalCount: () => countRevisions(services, actor) }
      },
    },
    { name: 'ConfigurationRevisionConnection', description: 'A page of revisions.' },
    { name: 'ConfigurationRevisionEdge', description: 'A revision with its cursor.' },
  ),
}))

interface CursorBounds {
  readonly before?: string | undefined
  readonly after?: string | undefined
  readonly limit: number
  readonly inverted: boolean
}

function parseCursor(cursor: string): RevisionName {
  const [, epoch, revision] = /^(\d{1,9})\.(\d{1,15})$/.exec(cursor) ?? []
  if (epoch === undefined || revision === undefined) {
    throw new BadUserInput('cursor', 'is none of this list')
  }
  return { epoch: Number(epoch), revision: Number(revision) }
}
