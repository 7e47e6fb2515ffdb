import type { ConfigChannel } from '../../transport/config-channel.ts'
import { within } from '../deadline.ts'

const shortLimitMs = 5_000
/** A snapshot may be many megabytes. */
const documentLimitMs = 30_000

/** A channel whose every answer comes within a limit, whatever the transport does. */
export function boundedChannel(channel: ConfigChannel): ConfigChannel {
  return {
    readHead: () => within(shortLimitMs, 'the head', channel.readHead()),
    readSnapshot: () => within(documentLimitMs, 'the snapshot', channel.readSnapshot()),
    readDeltas: (revision) => within(documentLimitMs, 'the deltas', channel.readDeltas(revision)),
    readCredentials: (id) => within(shortLimitMs, 'the credentials', channel.readCredentials(id)),
    subscribe: (onHint) => within(shortLimitMs, 'the subscription to hints', channel.subscribe(onHint)),
  }
}
