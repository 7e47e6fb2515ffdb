import Type from 'typebox'
import { checkerOf } from '../../contract/validation.ts'
import { askAny } from './ask-servers.ts'
import type { ClientSettings, RedisSite, ServerAddress } from './route.ts'

export interface ClusterOptions {
  readonly settings: ClientSettings
  /** Some of the cluster's, which know the others. */
  readonly nodes: readonly ServerAddress[]
}

/** Of each range of slots the first and the last, then its master, then its replicas. */
const checkSlots = checkerOf(
  'answer to CLUSTER SLOTS',
  Type.Array(
    Type.Tuple([Type.Number(), Type.Number(), Type.Array(Type.Unknown())], { additionalItems: true }),
  ),
)

/**
 * A cluster: whatever shares a hash tag is on one server, and moves with it. What is asked of another server fails, and
 * the connection then looks for the right one.
 *
 * Not by the client's own support of clusters, for the reason that `sentinelSite` gives.
 */
export function clusterSite({ settings, nodes }: ClusterOptions): RedisSite {
  return {
    isDivided: true,
    routeTo: (key) => ({
      settings,
      locate: () =>
        askAny(nodes, settings, async (ask, asked) => {
          const slot = Number(await ask('CLUSTER', 'KEYSLOT', key))
          const ranges = checkSlots(await ask('CLUSTER', 'SLOTS'))
          const range = ranges.find(([first, last]) => first <= slot && slot <= last)
          if (!range) throw new Error(`no server of the cluster serves slot ${slot}`)
          const [host, port] = range[2]
          // A node that does not know its own address leaves it out.
          return { host: host ? String(host) : asked.host, port: Number(port) }
        }),
    }),
  }
}
