import { afterAll, beforeAll, expect, it } from 'vitest'
import { startApi, type TestApi } from '../api.ts'

let api: TestApi
let token: string

beforeAll(async () => {
  api = await startApi()
  token = (await api.createTenant('Acme')).token
})

afterAll(() => api.close())

async function post(body: string | ReadableStream) {
  const response = await fetch(`${api.controlPlane.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body,
    ...(typeof body !== 'string' && { duplex: 'half' }),
  })
  const { errors = [] } = (await response.json()) as {
    errors?: { message: string; extensions: { code: string } }[]
  }
  return { status: response.status, code: errors[0]?.extensions.code, message: errors[0]?.message }
}

const query = '"query":"query($id: ID!) { node(id: $id) { id } }"'

it.each([
  [
    'with two lists of variables',
    `{${query},"variables":{"id":"a"},"variables":{"id":"b"}}`,
    'names "variables" twice in one object',
  ],
  ['with a variable twice', `{${query},"variables":{"id":"a","id":"b"}}`, 'names "id" twice in one object'],
  ['with two queries', `{${query},${query}}`, 'names "query" twice in one object'],
  ['that is no JSON', `{${query},"variables":NaN}`, 'is not JSON'],
  ['that is no object', '[]', 'must be a JSON object with a "query"'],
  ['that is a batch of operations', `[{${query}},{${query}}]`, 'must be a JSON object with a "query"'],
  ['that is nothing', 'null', 'must be a JSON object with a "query"'],
  [
    'that is too deep',
    `{${query},"variables":${'['.repeat(100)}${']'.repeat(100)}}`,
    'is nested more than 80 deep',
  ],
])('a body %s is refused, whoever would read it how', async (_, body, problem) => {
  expect(await post(body)).toEqual({ status: 400, code: 'BAD_REQUEST', message: `The body ${problem}` })
})

it('a body that is too large is refused with the limit, and one that does not say its length too', async () => {
  const body = `{${query},"variables":{"id":"${'x'.repeat(1_000_000)}"}}`
  expect(await post(body)).toMatchObject({
    status: 413,
    message: expect.stringContaining('more than 1000000 bytes'),
  })
  expect(await post(new Blob([body]).stream())).toMatchObject({ status: 413 })
})

it('an id of another form is refused wherever the Relay fields take one', async () => {
  for (const id of ['a\u0000b', 'a\ud800b', '', 'x'.repeat(129), 'a b']) {
    const one = await post(
      JSON.stringify({ query: 'query($id: ID!) { node(id: $id) { id } }', variables: { id } }),
    )
    expect(one.code).toBe('BAD_USER_INPUT')
    const many = await post(
      JSON.stringify({ query: 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: { ids: [id] } }),
    )
    expect(many).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('ids[0]: is no id'),
    })
  }
})
