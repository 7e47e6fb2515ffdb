import type { Permission } from '../../contract/permissions.ts'
import type { RequestContext } from '../graphql/context.ts'
import { type AppendedRows, AppendedRowsReader } from './appended-rows.ts'
import type { LiveTopic } from './live-feed.ts'
import { LiveStream } from './live-stream.ts'

/**
 * The rows that are appended from now on, or behind `after`.
 *
 * @throws BadUserInput, TooManySubscriptions
 */
export async function followRows<Row extends { id: string }>(
  context: RequestContext,
  followed: AppendedRows<Row> & { readonly topic: LiveTopic; readonly permission: Permission },
): Promise<LiveStream<Row>> {
  const { topic, permission } = followed
  const reader = await AppendedRowsReader.begin(context, followed)
  return new LiveStream(context, {
    ...{ topic, permission },
    read: (now) => reader.read(now),
    stillShown: (now, rows) => reader.stillShown(now, rows),
    idOf: ({ id }) => id,
  })
}
