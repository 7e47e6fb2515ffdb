import { createSchema, createYoga } from 'graphql-yoga'
import { expect, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { limitDuration } from '../../../control-plane/http/operation-deadline.ts'
import { startApi } from '../api.ts'

it('an operation that takes too long ends, in the API and in the database', async () => {
  const api = await startApi({ graphql: { operationTimeoutSeconds: 1 } })
  const { token } = await api.createTenant('Acme')
  await withClient(api.testDatabase.superuserUrl, async (client) => {
    await client.query('begin')
    await client.query('lock table teams in access exclusive mode')
    const { status, errors } = await api.ask(token, '{ teams { totalCount } }')
    expect(status).toBe(504)
    expect(errors[0]?.extensions).toMatchObject({ code: 'OPERATION_TIMED_OUT', limitSeconds: 1 })
    expect(errors[0]?.message).toContain('use smaller pages or a narrower filter')
    await expect.poll(() => waiting(client), { timeout: 30_000 }).toBe(0)
    await client.query('rollback')
  })
  const ask = async () => (await api.ask(token, '{ teams { totalCount } }')).data
  await expect.poll(ask).toEqual({ teams: { totalCount: 0 } })
  await api.close()
})

/** One field that never answers, one that must not be asked after it, and a stream. */
function stuckApi() {
  const asked: string[] = []
  async function* events() {
    // Longer than an operation may take.
    await new Promise((resolve) => setTimeout(resolve, 150))
    yield { event: 'late' }
  }
  const schema = createSchema({
    typeDefs: `type Query { never: String } type Subscription { event: String }
      type Mutation { never: String after: String }`,
    resolvers: {
      Query: { never: () => new Promise(() => {}) },
      Mutation: { never: () => new Promise(() => {}), after: () => void asked.push('after') },
      Subscription: { event: { subscribe: events } },
    },
  })
  const yoga = createYoga({ schema, plugins: [limitDuration(0.05)], logging: false })
  return {
    asked,
    async ask(query: string) {
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
      const body = JSON.stringify({ query })
      const response = await yoga.fetch('http://api/graphql', { method: 'POST', headers, body })
      return { status: response.status, text: await response.text() }
    },
  }
}

it('whoever waits for a resolver that never answers is told, and what comes after it is not begun', async () => {
  const api = stuckApi()
  for (const operation of ['{ never }', 'mutation { never after }']) {
    const { status, text } = await api.ask(operation)
    expect(status).toBe(504)
    expect(JSON.parse(text)).toMatchObject({
      errors: [{ extensions: { code: 'OPERATION_TIMED_OUT', limitSeconds: 0.05 } }],
    })
  }
  expect(api.asked).toEqual([])
})

it('a subscription may last longer', async () => {
  const { text } = await stuckApi().ask('subscription { event }')
  expect(text).toContain('"event":"late"')
})

/** How many statements wait for the lock. */
async function waiting(client: { query(sql: string): Promise<{ rows: { waiting: number }[] }> }) {
  const { rows } = await client.query(
    "select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
  )
  return rows[0]?.waiting
}
