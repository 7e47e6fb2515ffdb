import { builder } from '../../graphql/builder.ts'
import { LiveStream } from '../../live/live-stream.ts'
import { DataPlaneType } from './graphql.ts'
import { type DataPlaneHealth, HealthReader } from './health.ts'

const DataPlaneConnectionType = builder.enumType('DataPlaneConnectionState', {
  description: 'Whether a data plane is heard of, by the age of its last report.',
  values: {
    AWAITING: { description: 'It has not reported yet.' },
    CONNECTED: { description: 'It reported within the last 5 minutes.' },
    STALE: { description: 'It has been silent for 5 to 60 minutes.' },
    DORMANT: { description: 'It has been silent for more than 60 minutes.' },
    REVOKED: { description: 'It is no longer part of the organization.' },
  } as const,
})

const DataPlaneHealthType = builder.objectRef<DataPlaneHealth>('DataPlaneHealth').implement({
  description: 'How a data plane is at this moment.',
  fields: (t) => ({
    connection: t.expose('connection', {
      type: DataPlaneConnectionType,
      description: 'Whether it is heard of.',
    }),
    dataPlane: t.field({
      type: DataPlaneType,
      description: 'The data plane, with its status and its last error.',
      resolve: ({ dataPlane }) => dataPlane,
    }),
  }),
})

builder.subscriptionField('dataPlaneHealth', (t) =>
  t.field({
    type: DataPlaneHealthType,
    permission: 'data_planes:view',
    description:
      'How each data plane is, at first all of them, then each one whose connection, status, version or error changes. Changes in quick succession are told as one. It needs no `after`: a new stream begins with the present.',
    subscribe: (_, _args, context) => {
      const reader = new HealthReader()
      return new LiveStream(context, {
        topic: 'fleet',
        permission: 'data_planes:view',
        read: (now) => reader.read(now),
        // The permission alone decides.
        stillShown: (_now, events) => Promise.resolve(events),
        idOf: ({ dataPlane }) => dataPlane.id,
      })
    },
    resolve: (health) => health,
  }),
)
