import { createRequire } from 'node:module'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Database, openDatabase } from '../../../control-plane/db/database.ts'
import { createRequestContext, type RequestContext } from '../../../control-plane/graphql/context.ts'
import { schema } from '../../../control-plane/graphql/schema.ts'
import { authenticateToken } from '../../../control-plane/modules/api-tokens/index.ts'
import { startApi, type Tenant, type TestApi } from '../api.ts'
import { quietServices } from '../organization.ts'
import { furnish } from '../tenancy-things.ts'
import { listQueries } from './list-queries.ts'

// The form of graphql that the schema was built with: the test runner would load the other one.
const { graphql }: typeof import('graphql') = createRequire(import.meta.url)('graphql')

const few = 3
const many = 40
let api: TestApi
let tenant: Tenant
let database: Database
let statements: string[] = []

beforeAll(async () => {
  api = await startApi()
  tenant = await api.createTenant('Acme')
  const prefixes = Array.from({ length: many }, (_, index) => `n${index}`).values()
  const work = async () => {
    for (const prefix of prefixes) {
      await furnish(api, tenant, prefix)
      const document = `mutation { createWorkspace(input: { name: "${prefix}" }) { __typename } }`
      await api.ask(tenant.token, document)
    }
  }
  await Promise.all([work(), work(), work(), work()])
  // From here on nobody else asks the database.
  await api.controlPlane.close()
  const { query } = pg.Client.prototype
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const text = textOf(args[0])
    // The database is asked once a second whether it answers.
    if (text !== 'select 1') statements.push(text)
    return Reflect.apply(query, this, args)
  })
  database = await openDatabase({ url: api.testDatabase.applicationUrl })
}, 120_000)

afterAll(async () => {
  vi.restoreAllMocks()
  await database.close()
  await api.testDatabase.drop()
})

function textOf(query: unknown): string {
  return typeof query === 'object' && query !== null && 'text' in query ? String(query.text) : String(query)
}

async function createContext(): Promise<RequestContext> {
  const { secrets } = api.controlPlane.services
  const services = quietServices({ database, secrets })
  const authenticate = () => authenticateToken(database, tenant.token, Date.now())
  return createRequestContext(services, await authenticate(), 'req_test', authenticate)
}

/** The statements that a query takes, and how many rows it answers. */
async function run(name: string, document: string, first: number) {
  const contextValue = await createContext()
  statements = []
  const { data, errors } = await graphql({
    ...{ schema, source: document, contextValue },
    variableValues: { first },
  })
  expect(errors).toBeUndefined()
  const page = data?.[name] as { edges: readonly unknown[] } | undefined
  return { rows: page?.edges.length, statements: [...statements] }
}

describe('the number of SQL statements does not grow with the rows', () => {
  it.each(listQueries())('$name', async ({ name, document }) => {
    const small = await run(name, document, few)
    const large = await run(name, document, many)
    // A list that cannot have that many is compared with what it has.
    expect(large.rows).toBeGreaterThanOrEqual(small.rows ?? 0)
    expect(large.statements.length).toBe(small.statements.length)
  })
})
