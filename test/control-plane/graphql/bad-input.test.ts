import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { startApi, type Tenant, type TestApi } from '../api.ts'
import { type StoredRows, storedRows } from '../stored-rows.ts'
import { furnish, type Things } from '../tenancy-things.ts'
import { type Acceptance, acceptanceOf, acceptances } from './accepted-input.ts'
import { type BadInput, badInputsOf, type Outcome, send, titleOf } from './bad-input.ts'
import { isTried } from './bad-values.ts'
import { mutations, queries, type RootField } from './input-positions.ts'
import { problemOf } from './refused-input.ts'

let api: TestApi
let tenant: Tenant
let things: Things
const accepted = new Set<Acceptance>()

const plugins = [
  { name: 'audit', version: '1.0.0', builtin: false, configSchema: { type: 'object' } },
  { name: 'rbac', version: '1.0.0', builtin: true, configSchema: { type: 'object' } },
]

beforeAll(async () => {
  api = await startApi({
    graphql: { requestsPerMinute: 1_000_000, requestsPerMinuteOfAddress: 1_000_000 },
  })
  tenant = await api.createTenant('Own')
  things = await furnish(api, tenant, 'Own')
  await withClient(api.testDatabase.superuserUrl, (client) =>
    client.query('update data_planes set plugins = $1', [JSON.stringify(plugins)]),
  )
})

afterAll(() => api.close())

/** What ends a thing comes after what needs it. */
const isEnding = ({ name }: RootField) => /^(delete|remove|revoke)/.test(name)
const sorted = mutations().toSorted((a, b) => Number(isEnding(a)) - Number(isEnding(b)))

const inFlight = 4

async function sendAll(inputs: readonly BadInput[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const rest = inputs.values()
  const sendNext = async () => {
    for (const input of rest) outcomes.push(await send(api, tenant, input, things))
  }
  await Promise.all(Array.from({ length: inFlight }, sendNext))
  return outcomes
}

function stored(): Promise<StoredRows> {
  return withClient(api.testDatabase.superuserUrl, storedRows)
}

describe('a bad value anywhere in the input of a mutation', () => {
  it.each(sorted)('is refused by name and writes nothing: $name', async (mutation) => {
    const inputs = badInputsOf('mutation', mutation, things).filter(
      (input) => !acceptanceOf(input) && (input.position.isFirstOfType || isTried(titleOf(input))),
    )
    expect(inputs.length).toBeGreaterThan(10)
    const before = await stored()
    const outcomes = await sendAll(inputs)
    expect(outcomes.flatMap((outcome) => problemOf(outcome) ?? [])).toEqual([])
    expect(await stored()).toEqual(before)
  })
})

describe('a bad value anywhere in the arguments of a query', () => {
  const unreadable = ['a NUL', 'a lone surrogate', 'a text of 70 kB', '10 000 elements', 'the year 0']

  it.each(queries().filter(({ args }) => args.length > 0))('is refused by name: $name', async (query) => {
    const inputs = badInputsOf('query', query, things).filter(({ bad }) => unreadable.includes(bad.name))
    const outcomes = await sendAll(inputs)
    expect(outcomes.flatMap((outcome) => problemOf(outcome) ?? [])).toEqual([])
  })
})

describe('a value that looks bad and may be meant', () => {
  it.each(sorted)('is taken, or refused for another reason: $name', async (mutation) => {
    const inputs = badInputsOf('mutation', mutation, things).filter((input) => acceptanceOf(input))
    for (const outcome of await sendAll(inputs)) {
      expect(outcome.code, titleOf(outcome.input)).not.toBe('INTERNAL_SERVER_ERROR')
      const acceptance = acceptanceOf(outcome.input)
      if (acceptance && outcome.code === undefined) accepted.add(acceptance)
    }
  })

  it('has a reason that still holds somewhere', () => {
    expect(acceptances.filter((acceptance) => !accepted.has(acceptance))).toEqual([])
  })
})
