import type pg from 'pg'

/** The types hide that a pool's clients are clients like any other. */
type Client = pg.PoolClient & Pick<pg.Client, 'end'>

/** Whoever held a connection that broke has given it back by then, if ever. */
const returnLimitMs = 1_000

interface Holding {
  readonly overdue: NodeJS.Timeout
  readonly onEnd: () => void
}

/**
 * Keeps the connections of a pool usable.
 *
 * One that a transaction holds for too long is cut: no limit of the database ends a statement while it is frozen, and later
 * it would go on and change what its caller was told has failed. Cut off, the database rolls it back.
 *
 * One that breaks within a transaction goes back to the pool, which opens another in its place: Kysely gives a connection
 * back only behind a commit or a roll-back that succeeds, so that each would be lost to the pool for good.
 */
export function tendConnections(pool: pg.Pool, holdLimitMs: number): void {
  const held = new Map<pg.PoolClient, Holding>()
  pool.on('acquire', (client) => {
    const cut = () => (client as Client).end().catch(() => undefined)
    const giveBack = () => {
      if (held.get(client) === holding) client.release(true)
    }
    const holding: Holding = {
      overdue: setTimeout(cut, holdLimitMs).unref(),
      onEnd: () => setTimeout(giveBack, returnLimitMs).unref(),
    }
    held.set(client, holding)
    client.once('end', holding.onEnd)
  })
  pool.on('release', (_error, client) => {
    const holding = held.get(client)
    if (!holding) return
    held.delete(client)
    clearTimeout(holding.overdue)
    client.off('end', holding.onEnd)
  })
}
