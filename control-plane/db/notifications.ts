import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import type { BackgroundWork } from '../background/dependencies.ts'
import { startLoop } from '../background/loop.ts'

const watchIntervalMs = 1_000
const connectTimeoutMs = 5_000

/**
 * Calls `onNotification` with the payload of every notification of a PostgreSQL channel, on a connection of its
 * own. Notifications are lost while that connection is: whoever listens must also look by itself.
 */
export function listenTo(options: {
  readonly channel: string
  readonly databaseUrl: string
  readonly log: Logger
  onNotification(payload: string): void
}): BackgroundWork {
  let client: pg.Client | undefined

  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({
      connectionString: options.databaseUrl,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: connectTimeoutMs,
      keepAlive: true,
    })
    const drop = () => {
      if (client === fresh) client = undefined
      loop.wake()
    }
    fresh.on('error', drop).on('end', drop)
    fresh.on('notification', ({ payload }) => options.onNotification(payload ?? ''))
    try {
      await fresh.connect()
      await fresh.query(`listen ${options.channel}`)
      client = fresh
    } catch (error) {
      await endSession(fresh)
      throw error
    }
  }

  const loop = startLoop({
    name: `notifications of ${options.channel}`,
    log: options.log,
    pauseMs: watchIntervalMs,
    step: async () => {
      // A query is what finds a connection that died without a word.
      if (client) await client.query('select 1')
      else await connect()
    },
  })

  return {
    async stop() {
      await loop.stop()
      if (client) await endSession(client)
    },
  }
}

/** A server that is gone never says good-bye. */
async function endSession(client: pg.Client): Promise<void> {
  const limit = delay(connectTimeoutMs, undefined, { ref: false })
  await Promise.race([client.end().catch(() => undefined), limit])
}
