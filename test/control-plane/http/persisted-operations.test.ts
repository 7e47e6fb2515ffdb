import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { schema } from '../../../control-plane/graphql/schema.ts'
import { ManifestInvalid, readManifest } from '../../../control-plane/http/persisted-operations.ts'
import { temporaryDirectory } from '../../environment/index.ts'
import { startApi, type TestApi } from '../api.ts'

const whoAmI = 'query WhoAmI { viewer { name } }'
const teams = 'query Teams($first: Int) { teams(first: $first) { totalCount } }'
const digest = createHash('sha256').update(teams).digest('hex')

let api: TestApi
let token: string
let directory: string

beforeAll(async () => {
  directory = temporaryDirectory()
  const persistedOperationsFile = join(directory, 'persisted-documents.json')
  writeFileSync(persistedOperationsFile, JSON.stringify({ whoAmI, [`sha256:${digest}`]: teams }))
  api = await startApi({ graphql: { persistedOperationsFile } })
  token = (await api.createTenant('Acme')).token
})

afterAll(async () => {
  await api.close()
  rmSync(directory, { recursive: true })
})

async function send(body: object) {
  const response = await fetch(`${api.controlPlane.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as {
    data?: unknown
    errors?: { message: string; extensions: object }[]
  }
  return { status: response.status, ...answer }
}

it.each([
  ['the id of the manifest', { documentId: 'whoAmI' }, { viewer: { name: 'test' } }],
  [
    'a digest, and variables',
    { documentId: `sha256:${digest}`, variables: { first: 1 } },
    { teams: { totalCount: 0 } },
  ],
  [
    'Apollo’s extension',
    { extensions: { persistedQuery: { version: 1, sha256Hash: digest } } },
    { teams: { totalCount: 0 } },
  ],
  ['its own text', { query: whoAmI, operationName: 'WhoAmI' }, { viewer: { name: 'test' } }],
  [
    'its own text, laid out in another way',
    { query: whoAmI.replaceAll(' ', '\n  ') },
    { viewer: { name: 'test' } },
  ],
])('a persisted operation is named by %s', async (_, body, data) => {
  expect(await send(body)).toEqual({ status: 200, data })
})

it.each([
  ['another text', { query: '{ viewer { id } }' }, 'PERSISTED_OPERATION_REQUIRED'],
  ['what is no GraphQL', { query: '{ "' }, 'PERSISTED_OPERATION_REQUIRED'],
  ['introspection', { query: '{ __schema { types { name } } }' }, 'PERSISTED_OPERATION_REQUIRED'],
  [
    'another text with a known id',
    { query: '{ viewer { id } }', documentId: 'whoAmI' },
    'PERSISTED_OPERATION_REQUIRED',
  ],
  ['an unknown id', { documentId: 'sha256:0' }, 'PERSISTED_OPERATION_UNKNOWN'],
  ['the name of an object’s own property', { documentId: 'constructor' }, 'PERSISTED_OPERATION_UNKNOWN'],
  ['nothing', {}, 'PERSISTED_OPERATION_REQUIRED'],
])('with a manifest, %s is refused', async (_, body, code) => {
  const { status, data, errors } = await send(body)
  expect({ status, data }).toEqual({ status: 400, data: undefined })
  expect(errors?.[0]?.extensions).toMatchObject({ code })
  expect(errors?.[0]?.message).toContain('GRAPHQL_PERSISTED_OPERATIONS')
})

it('with a manifest the editor is not served: it could ask nothing', async () => {
  expect((await fetch(`${api.controlPlane.url}/graphiql`)).status).toBe(404)
})

it.each([
  ['no JSON', '{', 'cannot be read'],
  ['an array', '[]', 'must be a JSON object'],
  [
    'an operation that does not fit the schema',
    JSON.stringify({ one: '{ nothing }' }),
    'one: Cannot query field "nothing"',
  ],
  ['an operation that does not parse', JSON.stringify({ one: '{' }), 'one: Syntax Error'],
])('a manifest that is %s stops the start', (_, text, said) => {
  const path = join(directory, 'broken.json')
  writeFileSync(path, text)
  expect(() => readManifest(path, schema)).toThrow(ManifestInvalid)
  expect(() => readManifest(path, schema)).toThrow(said)
  expect(() => readManifest(join(directory, 'absent.json'), schema)).toThrow('cannot be read')
})
