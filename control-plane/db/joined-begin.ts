import type pg from 'pg'

type Answer = Pick<pg.QueryResult, 'command' | 'rowCount' | 'rows'>
type Send = (statement: unknown, ...others: unknown[]) => unknown

const nothing: Answer = { command: 'BEGIN', rowCount: null, rows: [] }

/**
 * Has each transaction on these connections begin in the message of its first statement, which says whose rows it sees: of
 * all messages to the database every seventh would say no more than that another follows, and each is waited for.
 */
export function joinBegins(pool: pg.Pool): void {
  const beginning = new Set<pg.PoolClient>()
  pool.on('connect', (client) => {
    const send: Send = client.query.bind(client)
    const query: Send = (statement, ...others) => {
      if (statement === 'begin') {
        beginning.add(client)
        return Promise.resolve(nothing)
      }
      if (!beginning.delete(client)) return send(statement, ...others)
      if (statement === 'commit' || statement === 'rollback') return Promise.resolve(nothing)
      return sendFirst(send, statement, others)
    }
    Object.assign(client, { query })
  })
  pool.on('release', (_error, client) => beginning.delete(client))
}

async function sendFirst(send: Send, statement: unknown, [parameters = []]: unknown[]): Promise<Answer> {
  if (typeof statement !== 'string' || !Array.isArray(parameters) || parameters.length > 0) {
    throw new TypeError('the first statement of a transaction must be a text without parameters')
  }
  const answers = await send(`begin; ${statement}`)
  return (Array.isArray(answers) && answers.at(-1)) || nothing
}
