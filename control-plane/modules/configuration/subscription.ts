import { builder } from '../../graphql/builder.ts'
import { followRows } from '../../live/follow-rows.ts'
import { DataPlaneType } from '../data-planes/index.ts'
import { type ConfigurationApplication, ConfigurationApplicationEntity } from './application-entity.ts'

const ConfigurationApplicationType = builder
  .objectRef<ConfigurationApplication>('ConfigurationApplication')
  .implement({
    description: 'A data plane began to run a version of the configuration.',
    fields: (t) => ({
      id: t.exposeID('id', { description: 'What to resume behind.' }),
      epoch: t.exposeInt('epoch', { description: 'Epoch of the version.' }),
      revision: t.exposeInt('revision', { description: 'Revision of the version.' }),
      hash: t.exposeString('hash', {
        nullable: true,
        description: 'Hash over all of it, as it verified it.',
      }),
      at: t.expose('at', { type: 'DateTime', description: 'When it said so.' }),
      dataPlane: t.field({
        type: DataPlaneType,
        nullable: true,
        description: 'Who runs it.',
        resolve: ({ dataPlaneId }) => dataPlaneId,
      }),
    }),
  })

builder.subscriptionField('configurationApplied', (t) =>
  t.field({
    type: ConfigurationApplicationType,
    permission: 'data_planes:view',
    description: 'Each time that a data plane begins to run another version of the configuration.',
    args: {
      after: t.arg.id({ description: 'Begin behind this event, the last one that you have; without: now.' }),
    },
    subscribe: (_, { after }, context) =>
      followRows(context, {
        topic: 'applied',
        permission: 'data_planes:view',
        table: 'configuration_applications',
        entity: ConfigurationApplicationEntity,
        where: () => ({}),
        after,
      }),
    resolve: (application) => application,
  }),
)
