import { readAddress } from './address.ts'
import { clusterSite } from './cluster.ts'
import type { RedisSite } from './route.ts'
import { sentinelSite } from './sentinel.ts'

/**
 * The servers that a `REDIS_URL` names.
 *
 * @throws TypeError when it names no Redis.
 */
export function siteOf(url: string): RedisSite {
  const address = readAddress(url)
  if (address.kind === 'sentinel') return sentinelSite(address)
  if (address.kind === 'cluster') return clusterSite(address)
  return { isDivided: false, routeTo: () => ({ settings: { url: address.url } }) }
}
