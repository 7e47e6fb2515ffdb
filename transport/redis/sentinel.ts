import { askMost } from './ask-servers.ts'
import type { ClientSettings, RedisSite, ServerAddress } from './route.ts'

export interface SentinelOptions {
  /** For the master and its replicas. */
  readonly settings: ClientSettings
  readonly sentinels: readonly ServerAddress[]
  readonly sentinelSettings: ClientSettings
  /** The master's, as the sentinels know it. */
  readonly name: string
}

/**
 * The master that the sentinels name.
 *
 * Not by the client's own support of sentinels: it repeats commands of its own accord and keeps them waiting during a
 * failover, where the caller has long been told that they failed.
 */
export function sentinelSite({ settings, sentinels, sentinelSettings, name }: SentinelOptions): RedisSite {
  const locate = () =>
    askMost(sentinels, sentinelSettings, async (ask) => {
      const answer = await ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)
      if (!Array.isArray(answer)) throw new Error(`the sentinel knows no master "${name}"`)
      const [host, port] = answer
      return { host: String(host), port: Number(port) }
    })
  return { isDivided: false, routeTo: () => ({ settings, locate }) }
}
