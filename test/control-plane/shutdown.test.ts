import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOrganization, issueAdminToken } from '../../control-plane/bootstrap.ts'
import { openDatabase } from '../../control-plane/db/database.ts'
import { createDatabase, redisUrl, type TestDatabase } from '../environment/index.ts'
import { PlaneProcess } from '../environment/plane-process.ts'

const limitMs = 15_000
const masterKey = randomBytes(32).toString('base64')

let database: TestDatabase
let store: string
let token: string
beforeAll(async () => {
  database = await createDatabase()
  store = await redisUrl()
  const opened = await openDatabase({ url: database.applicationUrl })
  const { organizationId } = await createOrganization(opened, { name: 'Test' })
  token = await issueAdminToken(opened, organizationId, 'test')
  await opened.close()
}, 60_000)
afterAll(() => database.drop())

/** A request whose body is kept back until `finish`, though the control plane has begun to read it. */
async function beginQuery(url: string): Promise<{ finish(): Promise<string> }> {
  const body = JSON.stringify({ query: '{ viewer { id } }' })
  const agent = new Agent({ keepAlive: true })
  const call = request(url, {
    agent,
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': body.length,
      expect: '100-continue',
    },
  })
  call.flushHeaders()
  await once(call, 'continue')
  return {
    async finish() {
      call.end(body)
      const [response] = await once(call, 'response')
      return text(response)
    },
  }
}

describe('a control plane that is asked to end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s answers the query under way and exits with 0',
    async (signal) => {
      const controlPlane = new PlaneProcess('control-plane', {
        DATABASE_URL: database.applicationUrl,
        REDIS_URL: store,
        GATEHOUSE_MASTER_KEY: masterKey,
        CONTROL_PLANE_PORT: '0',
      })
      try {
        const url = await controlPlane.url()
        const query = await beginQuery(`${url}/graphql`)
        const ended = controlPlane.end(signal, limitMs)
        expect(await query.finish()).toContain('"viewer"')
        expect(await ended, controlPlane.output).toBe(0)
      } finally {
        await controlPlane.end('SIGKILL', limitMs)
      }
    },
  )
})
