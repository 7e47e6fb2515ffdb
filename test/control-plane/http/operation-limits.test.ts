import { afterAll, beforeAll, expect, it } from 'vitest'
import { startApi, type TestApi } from '../api.ts'

let api: TestApi
let token: string

beforeAll(async () => {
  api = await startApi()
  token = (await api.createTenant('Acme')).token
})

afterAll(() => api.close())

const repeat = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => part(index)).join(' ')

/** Operations of exactly this size by one measure, and small by the others. */
const operations = {
  tokens: (size: number) => `query(${repeat((size - 6) / 4, (index) => `$v${index}: Int`)}) { __typename }`,
  depth: (size: number) => `{ ${'node(id: "") { ...on Team { '.repeat((size - 1) / 2)}${nested(size)}`,
  aliases: (size: number) => `{ ${repeat(size, (index) => `a${index}: __typename`)} }`,
  directives: (size: number) => `{ ${repeat(size / 2, directed)} }`,
  repeatedFields: (size: number) => `{ ${repeat(size + 1, () => '__typename')} }`,
} as const satisfies Record<string, (size: number) => string>

const nested = (size: number) => `id${' } }'.repeat((size - 1) / 2)} }`
const directed = () => '... @include(if: true) { __typename @skip(if: false) }'

it.each([
  ['tokens', 4_000, 3_998, 4_002, 'Split the operation'],
  ['depth', 15, 15, 17, 'an operation of its own'],
  ['aliases', 50, 50, 51, 'Split the operation'],
  ['directives', 50, 50, 52, 'Split the operation'],
  ['repeatedFields', 50, 50, 51, 'Name each field once'],
] as const)(
  'an operation has at most so many %s: %i, and a refusal names the limit and the way out',
  async (measure, limit, most, excess, wayOut) => {
    const within = await api.ask(token, operations[measure](most))
    expect(within.errors.map(({ extensions }) => extensions.code)).not.toContain('OPERATION_TOO_COSTLY')
    const { data, errors } = await api.ask(token, operations[measure](excess))
    expect(data).toBeNull()
    expect(errors).toHaveLength(1)
    expect(errors[0]?.extensions).toMatchObject({ code: 'OPERATION_TOO_COSTLY', measure, most: limit })
    expect(errors[0]?.message).toContain(`limit of ${limit}`)
    expect(errors[0]?.message).toContain(wayOut)
  },
)

const pages = (size: number) =>
  `{ teams(first: ${size}) { edges { node { virtualKeys(first: ${size}) { edges { node { name } } } } } } }`

it('a list counts its children once for each row it may return: smaller pages are the way out', async () => {
  expect((await api.ask(token, pages(50))).errors).toEqual([])
  const { status, errors } = await api.ask(token, pages(100))
  expect(status).toBe(400)
  expect(errors[0]?.extensions).toMatchObject({ measure: 'complexity', most: 20_000 })
  expect(errors[0]?.message).toMatch(/its complexity of \d+ exceeds the limit of 20000\. Use smaller pages/)
})

it('a page has at most 100 rows', async () => {
  const { errors } = await api.ask(token, '{ teams(first: 101) { totalCount } }')
  expect(errors[0]?.message).toBe('first: must be from 1 to 100; page with "after" for more')
})

it('of many mistakes the first five are told, so that an answer is not many times its question', async () => {
  const { errors } = await api.ask(token, `{ ${repeat(40, (index) => `f${index}`)} }`)
  expect(errors).toHaveLength(5)
})

it('a fragment counts wherever it is spread, and one that spreads itself is refused', async () => {
  const wide = `fragment F on Query { ${repeat(17, (index) => `a${index}: __typename`)} }`
  const { errors } = await api.ask(token, `{ ...F ...F ...F } ${wide}`)
  expect(errors[0]?.extensions).toMatchObject({ measure: 'aliases', most: 50, found: 51 })
  const circular = await api.ask(token, '{ ...F } fragment F on Query { ...F }')
  expect(circular.errors[0]?.message).toContain('Cannot spread fragment "F" within itself')
})
