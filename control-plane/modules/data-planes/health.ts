import type { RequestContext } from '../../graphql/context.ts'
import type { LivePage } from '../../live/live-stream.ts'
import { transactionOf } from '../../service-context.ts'
import { type DataPlane, DataPlaneEntity } from './entity.ts'

const minuteMs = 60_000
const pageSize = 100

/** By the age of the last report. [S2-14] */
export type Connection = 'AWAITING' | 'CONNECTED' | 'STALE' | 'DORMANT' | 'REVOKED'

export interface DataPlaneHealth {
  readonly dataPlane: DataPlane
  readonly connection: Connection
}

/** @param now Milliseconds since the epoch. */
export function connectionOf(
  { revokedAt, lastSeenAt }: Pick<DataPlane, 'revokedAt' | 'lastSeenAt'>,
  now: number,
): Connection {
  if (revokedAt !== null) return 'REVOKED'
  if (lastSeenAt === null) return 'AWAITING'
  const silentMs = now - lastSeenAt.getTime()
  if (silentMs < 5 * minuteMs) return 'CONNECTED'
  return silentMs <= 60 * minuteMs ? 'STALE' : 'DORMANT'
}

/** Tells of each data plane at first, and then of those whose health has changed. */
export class HealthReader {
  readonly #told = new Map<string, string>()

  async read({ services, actor }: RequestContext): Promise<LivePage<DataPlaneHealth>> {
    const rows = await transactionOf(services, actor, (em) =>
      em.find(DataPlaneEntity, {}, { orderBy: { id: 'asc' } }),
    )
    const changed = rows
      .map((dataPlane) => ({ dataPlane, connection: connectionOf(dataPlane, services.now()) }))
      .filter((health) => this.#told.get(health.dataPlane.id) !== fingerprintOf(health))
    const events = changed.slice(0, pageSize)
    for (const health of events) this.#told.set(health.dataPlane.id, fingerprintOf(health))
    return { events, hasMore: changed.length > events.length }
  }
}

function fingerprintOf({ dataPlane, connection }: DataPlaneHealth): string {
  const { applyStatus, appliedEpoch, appliedRevision, lastError, version } = dataPlane
  return JSON.stringify([connection, applyStatus, appliedEpoch, appliedRevision, lastError, version])
}
