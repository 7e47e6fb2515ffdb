import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type Tenant, type TestApi } from '../api.ts'
import { furnish, type Things } from '../tenancy-things.ts'
import { mutations, positionsOf, type RootField } from './input-positions.ts'
import { sampleOperation } from './sample-operation.ts'

// The form of graphql that the schema was built with: the test runner would load the other one.
const { getNamedType, isUnionType }: typeof import('graphql') = createRequire(import.meta.url)('graphql')

let api: TestApi
let tenant: Tenant
let things: Things

beforeAll(async () => {
  api = await startApi({ graphql: { requestsPerMinute: 100_000 } })
  tenant = await api.createTenant('Own')
  things = await furnish(api, tenant, 'Own')
})

afterAll(() => api.close())

/** A directory is read once at a time, and `syncDirectory` has it read. */
const meanwhileRefused = new Set(['importDirectoryUsers'])

const takes = (name: string) =>
  mutations().filter(
    (field) =>
      !meanwhileRefused.has(field.name) && positionsOf(field).some(({ path }) => path === `input.${name}`),
  )

async function send(field: RootField, variables: object, document: string) {
  const { data, errors } = await api.ask(tenant.token, document, variables)
  return { result: data?.[field.name] as Record<string, unknown> | undefined, errors }
}

/** With the id of what was created, where it has one. */
function withIds({ type }: RootField, document: string): string {
  const named = getNamedType(type)
  const members = isUnionType(named) ? named.getTypes() : []
  const isNode = members.some((member) => member.getInterfaces().some(({ name }) => name === 'Node'))
  return isNode ? document.replace('{ code message }', '{ code message } ... on Node { id }') : document
}

describe('a mutation that takes an idempotency key', () => {
  it.each(takes('idempotencyKey'))(
    'answers its repetition with what there is by now: $name',
    async (field) => {
      const key = { path: 'input.idempotencyKey', value: `repeated ${field.name}` }
      const { document, variables } = sampleOperation('mutation', field, things, key)
      const asked = withIds(field, document)
      const first = await send(field, variables, asked)
      expect(first).toMatchObject({ errors: [] })
      expect(first.result?.code).toBeUndefined()
      const again = await send(field, variables, asked)
      expect(again.errors).toEqual([])
      if (again.result?.code === undefined) expect(again.result).toEqual(first.result)
      else expect(again.result.code).toBe('ALREADY_ISSUED')
    },
  )
})

describe('a mutation that takes the version that its caller has read', () => {
  it.each(takes('expectedVersion'))('is refused at another: $name', async (field) => {
    const version = { path: 'input.expectedVersion', value: 77 }
    const { document, variables } = sampleOperation('mutation', field, things, version)
    const { result, errors } = await send(field, variables, document)
    expect(errors).toEqual([])
    // No data plane has loaded the sample’s plugin.
    expect(result?.code).toBe(field.name === 'configurePlugin' ? 'PLUGIN_UNKNOWN' : 'STALE_UPDATE')
  })
})
