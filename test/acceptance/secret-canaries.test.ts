import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EchoingProvider, echoes, startEchoingProvider } from './echoing-provider.ts'
import { eventually, type Gateway, startGateway, temporaryDataDir } from './gateway.ts'
import { configurationApplied, type Demo, issueKey, readDemo, revokeKey } from './keys.ts'
import { formsOf, SecretSearch } from './secret-search.ts'
import {
  dumpDatabase,
  dumpRedis,
  type RedisWitness,
  readFiles,
  type Stored,
  watchRedis,
} from './stored-bytes.ts'
import { readWholeSchema, type WholeAnswer } from './whole-schema.ts'

const random = () => randomBytes(16).toString('hex')
/** Hard to carry unescaped: quotes, a backslash, and the letters that URLs and base64 treat specially. */
const canary = (name: string) => `sk-${name}"\\+/%<&${random()}`

/** What nobody may ever find. Those that Gatehouse itself makes are added when they are made. */
const secrets: Record<string, string> = {
  'provider key': canary('provider'),
  'rotated provider key': canary('rotated'),
  'provider key of the environment': canary('environment'),
  'provider key that was refused': `${canary('refused')} `,
  'provider key in a wrong mutation': canary('mistaken'),
  'imported virtual key': canary('imported'),
  'unknown virtual key': canary('unknown'),
  'key in the query': canary('query').replaceAll(/[^\w-]/g, ''),
  'key in a broken request': canary('broken'),
  'unknown admin token': `ghat.org_0.tok_0.${random()}`,
}
/** Deliberately leaked everywhere: what finds this finds the others. A name that every place accepts. */
const leak = `leak-${random()}`

/** The status API does not tell its schema. */
const wholeStatus = `{
  node { id version startedAt epoch revision configHash applyStatus lastError transportConnected headAgeMs }
  plugins { name version enabled builtin order calls denials errors p50Ms p99Ms }
  providers { name requests errors inFlight lastError }
  counters { requests denials upstreamErrors eventBacklog } }`

/** Logs what it is told to. */
const loggingPlugin = `
import { definePlugin, Type } from 'gatehouse/plugin-sdk'
export default definePlugin({
  name: 'talkative', version: '1.0.0', config: Type.Object({}),
  setup: (_, host) => ({ onCall: (call) => host.log.warn({ model: call.model }, 'asked') }),
})`

const dataDir = temporaryDataDir()
const pluginDir = temporaryDataDir()
let gateway: Gateway
let demo: Demo
let provider: EchoingProvider
let redis: RedisWitness
/** Every place that was written to, by name. */
const places: Record<string, Stored[]> = {}
let whole: WholeAnswer
const answered: Stored[] = []

beforeAll(async () => {
  // The database's own account has to pass through; otherwise its files are kept elsewhere.
  chmodSync(dataDir, 0o711)
  mkdirSync(pluginDir, { recursive: true })
  writeFileSync(join(pluginDir, 'talkative.js'), loggingPlugin)
  provider = await startEchoingProvider()
  gateway = await startGateway({
    dataDir,
    env: {
      LOG_LEVEL: 'trace',
      OPENAI_API_KEY: secretOf('provider key of the environment'),
      GATEHOUSE_PLUGINS: join(pluginDir, 'talkative.js'),
    },
  })
  secrets['admin token'] = gateway.adminToken
  secrets['demo key'] = gateway.virtualKey
  redis = await watchRedis(redisUrl())
  demo = await readDemo(gateway)
  await manage()
  await configurationApplied(gateway)
  await call()
  await leakEverywhere()
  await allRecorded()
  await lookEverywhere()
}, 150_000)

afterAll(async () => {
  await redis?.close()
  await gateway?.stop()
  await provider?.close()
  for (const folder of [dataDir, pluginDir]) rmSync(folder, { recursive: true, force: true })
})

function secretOf(name: string): string {
  const secret = secrets[name]
  if (secret === undefined) throw new Error(`no ${name}`)
  return secret
}

function redisUrl(): string {
  const port = /^Redis .* port (\d+)$/m.exec(gateway.process.output())?.[1]
  return `redis://127.0.0.1:${port}`
}

function databaseUrl(): string {
  const port = /^PostgreSQL embedded, port (\d+)$/m.exec(gateway.process.output())?.[1]
  const password = readFileSync(join(dataDir, 'postgres/superuser-password'), 'utf8')
  return `postgres://postgres:${password}@127.0.0.1:${port}/gatehouse`
}

/** Sends a mutation whatever becomes of it; the answer is searched unless it is the one that shows a new secret. */
async function mutate(field: string, inputType: string, selection: string, input: object, shows = false) {
  const query = `mutation ($input: ${inputType}!) { ${field}(input: $input) { __typename ${selection} ... on Refusal { message } } }`
  const body = await ask(gateway.adminToken, query, { input })
  if (!shows) answered.push({ where: field, bytes: Buffer.from(body) })
  const { data } = JSON.parse(body) as { data?: Record<string, Record<string, unknown>> }
  return data?.[field] ?? {}
}

async function ask(token: string, query: string, variables: object = {}): Promise<string> {
  const response = await fetch(gateway.graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  })
  return response.text()
}

/** Gives Gatehouse secrets in every way, also wrong ones, and has it make some. */
async function manage(): Promise<void> {
  const created = await mutate('createProvider', 'CreateProviderInput', '... on Provider { id }', {
    ...{ name: leak, baseUrl: provider.baseUrl, allowPrivateNetwork: true },
  })
  const providerId = String(created.id)
  for (const name of [...Object.keys(echoes), leak])
    await mutate('createModel', 'CreateModelInput', '... on Model { id }', {
      ...{ providerId, name },
      prices: { inputNanoUsdPerMillionTokens: '1', outputNanoUsdPerMillionTokens: '1' },
    })
  const keyInput = { providerId, name: 'main' }
  const selectKey = '... on ProviderKey { id }'
  const key = await mutate('addProviderKey', 'AddProviderKeyInput', selectKey, {
    ...{ ...keyInput, secret: secretOf('rotated provider key') },
  })
  await mutate('rotateProviderKey', 'RotateProviderKeyInput', selectKey, {
    ...{ id: key.id, secret: secretOf('provider key') },
  })
  const taken = { ...keyInput, secret: secretOf('provider key that was refused').trim() }
  await mutate('addProviderKey', 'AddProviderKeyInput', selectKey, taken)
  await mutate('addProviderKey', 'AddProviderKeyInput', selectKey, { ...taken, secret: `${taken.secret} ` })
  const mistaken = secretOf('provider key in a wrong mutation')
  await mutate('addProviderKey', 'AddProviderKeyInput', selectKey, { name: 'main', secret: mistaken })
  await mutate('addProviderKey', 'AddProviderKeyInput', selectKey, { ...keyInput, secret: [mistaken] })
  await mutate('noSuchMutation', 'AddProviderKeyInput', selectKey, { ...keyInput, secret: mistaken })
  const imported = {
    ...{ workspaceId: demo.workspaceId, name: 'imported', owner: { teamId: demo.teamId } },
    providerConfigs: [{ providerId, weight: 1, allowedModels: ['*'], providerKeyIds: ['*'] }],
    secret: secretOf('imported virtual key'),
  }
  await mutate('importVirtualKey', 'ImportVirtualKeyInput', '... on VirtualKey { id }', imported)
  await mutate('importVirtualKey', 'ImportVirtualKeyInput', '... on VirtualKey { id }', imported)
  const issued = await issueKey(gateway, demo, { name: 'issued', providers: [providerId] })
  secrets['rotated virtual key'] = issued.secret
  const showSecret = '... on IssuedVirtualKey { secret }'
  const rotation = { id: issued.id, overlapSeconds: 600 }
  const rotated = await mutate('rotateVirtualKey', 'RotateVirtualKeyInput', showSecret, rotation, true)
  secrets['issued virtual key'] = String(rotated.secret)
  const revoked = await issueKey(gateway, demo, { name: 'revoked' })
  secrets['revoked virtual key'] = revoked.secret
  await revokeKey(gateway, revoked.id)
  const token = { name: 'another', role: 'VIEWER' }
  const shown = await mutate(
    'issueApiToken',
    'IssueApiTokenInput',
    '... on IssuedApiToken { secret }',
    token,
    true,
  )
  secrets['api token'] = String(shown.secret)
  const enrolment = await ask(
    gateway.adminToken,
    'mutation { createEnrolmentToken(input: { ttlSeconds: 600 }) { token } }',
  )
  // Its other parts are ids and the fingerprint of a public key.
  secrets['enrolment token'] = JSON.parse(enrolment).data.createEnrolmentToken.token.split('.')[2]
  await ask(secretOf('unknown admin token'), '{ viewer { id } }')
  await fetch(`${gateway.graphqlUrl}?token=${encodeURIComponent(secretOf('unknown admin token'))}&query=%7B`)
}

let calls = 0

async function chat(headers: Record<string, string>, model: string, stream = false, query = '') {
  calls++
  const response = await fetch(`${gateway.dataPlaneUrl}/v1/chat/completions${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], stream }),
  })
  const head = JSON.stringify([...response.headers])
  const text = await response.text().catch((error: unknown) => String(error))
  answered.push({ where: `${model} ${response.status}`, bytes: Buffer.from(`${head}\n${text}`) })
}

/** Uses the keys, rightly and wrongly. */
async function call(): Promise<void> {
  const bearer = (name: string) => ({ authorization: `Bearer ${secretOf(name)}` })
  for (const model of Object.keys(echoes)) {
    await chat(bearer('imported virtual key'), model)
    await chat(bearer('issued virtual key'), model, true)
  }
  await chat(bearer('demo key'), 'demo-chat', true)
  await chat(bearer('demo key'), 'demo-error-401')
  for (const name of ['rotated virtual key', 'revoked virtual key', 'unknown virtual key', 'provider key'])
    await chat(bearer(name), 'echo-whole')
  for (const header of ['x-api-key', 'api-key', 'x-goog-api-key', 'x-bf-vk', 'x-bifrost-virtual-key'])
    await chat({ [header]: secretOf('imported virtual key') }, 'echo-whole')
  await chat(
    { ...bearer('imported virtual key'), 'x-api-key': secretOf('unknown virtual key') },
    'echo-whole',
  )
  const forwarded = { 'x-bf-eh-x-key': secretOf('imported virtual key'), 'x-bf-eh-authorization': 'Bearer x' }
  await chat({ ...bearer('imported virtual key'), ...forwarded }, 'echo-whole')
  await chat({}, 'demo-chat', false, `?key=${secretOf('key in the query')}`)
  await chat(bearer('demo key'), 'demo-chat', false, `?key=${secretOf('key in the query')}`)
  const broken = secretOf('key in a broken request')
  await sendRaw(
    gateway.dataPlaneUrl,
    `GET /v1/models HTTP/1.1\r\nhost: x\r\nx-api-key: ${broken}\r\nbad\u0001name: x\r\n\r\n`,
  )
  await sendRaw(gateway.dataPlaneUrl, `${broken} ${broken}\r\n\r\n`)
  await sendRaw(
    gateway.dataPlaneUrl,
    `GET /v1/models HTTP/1.1\r\nx-api-key: ${broken}\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
  )
  await sendRaw(
    gateway.graphqlUrl,
    `POST /graphql HTTP/1.1\r\nauthorization: Bearer ${broken}\r\nbad\u0001name: x\r\n\r\n`,
  )
}

/** Bytes that no client would send; resolves when the server has closed the connection. */
function sendRaw(url: string, request: string): Promise<void> {
  const { hostname, port } = new URL(url)
  return new Promise((closed) => {
    const socket = connect(Number(port), hostname, () => socket.write(request, 'latin1'))
    socket.setTimeout(5_000, () => socket.destroy())
    socket.on('data', () => undefined)
    socket.on('error', () => undefined)
    socket.on('close', () => closed())
  })
}

/** Puts the leaked name where the secrets must not be: each kind of place has to be found out. */
async function leakEverywhere(): Promise<void> {
  const talkative = { name: 'talkative', enabled: true, position: { side: 'AFTER', of: 'rbac' } }
  await mutate('configurePlugin', 'ConfigurePluginInput', '... on Plugin { name }', talkative)
  await configurationApplied(gateway)
  await chat({ authorization: `Bearer ${secretOf('imported virtual key')}` }, leak)
  await chat({ authorization: `Bearer ${secretOf('imported virtual key')}` }, 'echo-whole')
  const database = new pg.Client({ connectionString: databaseUrl() })
  await database.connect()
  await database.query('create table leaks (plain text, document jsonb, bytes bytea)')
  const values = [leak, { deep: [Buffer.from(leak).toString('base64')] }, Buffer.from(leak)]
  await database.query('insert into leaks values ($1, $2, $3)', values)
  await database.end()
  const store = await createClient({ url: redisUrl() }).connect()
  await store.set('leak:string', leak)
  await store.hSet('leak:hash', 'field', leak)
  await store.sAdd('leak:set', leak)
  await store.rPush('leak:list', leak)
  await store.zAdd('leak:zset', { score: 1, value: leak })
  await store.xAdd('leak:stream', '*', { field: Buffer.from(leak).toString('base64') })
  await store.publish('leak:channel', leak)
  await store.close()
}

/** Waits until all that was called has reached the database. */
async function allRecorded(): Promise<void> {
  let recorded = 0
  await eventually(
    async () => {
      const { usage } = await gateway.graphql<{ usage: { totalCount: number } }>('{ usage { totalCount } }')
      recorded = usage.totalCount
      return recorded >= calls
    },
    10_000,
    () => `${recorded} of ${calls} calls are recorded`,
  )
  await eventually(() => redis.messages.some(({ where }) => where === 'leak:channel'), 5_000)
  await eventually(() => redis.commands.some((command) => command.includes('leak:channel')), 5_000)
}

async function lookEverywhere(): Promise<void> {
  whole = await readWholeSchema((query, variables) => ask(gateway.adminToken, query, variables))
  places['GraphQL answers'] = whole.answers.map(({ field, body }) => ({
    where: field,
    bytes: Buffer.from(body),
  }))
  places['audit rows'] = places['GraphQL answers'].filter(({ where }) => where === 'auditEvents')
  const status = await fetch(`${gateway.statusUrl}/status/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: wholeStatus }),
  })
  const statusText = await status.text()
  expect(JSON.parse(statusText)).not.toHaveProperty('errors')
  places['the status API'] = [{ where: 'status', bytes: Buffer.from(statusText) }]
  const metrics = await fetch(`${gateway.statusUrl}/metrics`)
  places.metrics = [{ where: '/metrics', bytes: Buffer.from(await metrics.text()) }]
  places['callers’ answers'] = answered
  places['database tables'] = await dumpDatabase(databaseUrl())
  places['Redis keys'] = await dumpRedis(redisUrl())
  places['Redis commands'] = redis.commands.map((command) => ({
    where: command.slice(0, 80),
    bytes: Buffer.from(command),
  }))
  places['Redis messages'] = redis.messages
  await redis.close()
  gateway.process.child.kill('SIGINT')
  await gateway.process.exited
  const files = readFiles(dataDir)
  places.files = files.filter(({ where }) => where !== 'quickstart.json')
  places['quickstart.json'] = files.filter(({ where }) => where === 'quickstart.json')
  places.log = files.filter(({ where }) => where === 'gatehouse.log')
  places.output = [{ where: 'output', bytes: Buffer.from(gateway.process.output()) }]
}

function findIn(place: string, search: SecretSearch): string[] {
  const found = (places[place] ?? []).flatMap(({ where, bytes }) =>
    search.find(bytes).map((what) => `${what} in ${where}`),
  )
  return [...new Set(found)]
}

describe('a search', () => {
  it.each([...formsOf(leak.slice(-24)).keys()])('finds a secret as %s', (form) => {
    const search = new SecretSearch({ leak })
    const bytes = formsOf(leak.slice(-24)).get(form) ?? Buffer.alloc(0)
    expect(search.find(Buffer.concat([randomBytes(999), bytes, randomBytes(9)]))).toContain(`leak (${form})`)
    expect(search.find(randomBytes(100_000))).toEqual([])
  })

  it.each(['{"x":', 'ab{"x":', 'abc{"x":'])(
    'finds it in an envelope whose payload begins with %j',
    (start) => {
      const payload = Buffer.from(`${start}"${leak}"}`)
      const envelope = JSON.stringify({ payload: payload.toString('base64') })
      expect(new SecretSearch({ leak }).find(envelope)).not.toEqual([])
      expect(new SecretSearch({ leak }).find(Buffer.from(envelope).toString('base64url'))).not.toEqual([])
    },
  )
})

const searched = [
  ...['database tables', 'Redis keys', 'Redis commands', 'Redis messages', 'log', 'audit rows'],
  ...['GraphQL answers', 'the status API', 'metrics', 'files', 'callers’ answers'],
]

describe.each(searched)('in %s', (place) => {
  it('no secret is found in any form', () => {
    expect(findIn(place, new SecretSearch(secrets))).toEqual([])
  })

  it('a leaked one would be', () => {
    expect(findIn(place, new SecretSearch({ leak }))).not.toEqual([])
  })
})

it.each([...['leaks.plain', 'leaks.document', 'leaks.bytes', 'audit_events', 'usage_records', 'providers']])(
  'a leak into the table column %s would be found',
  (where) => {
    expect(findIn('database tables', new SecretSearch({ leak })).some((found) => found.includes(where))).toBe(
      true,
    )
  },
)

it.each(['string', 'hash', 'set', 'list', 'zset', 'stream'])(
  'a leak into a Redis %s would be found',
  (type) => {
    expect(findIn('Redis keys', new SecretSearch({ leak }))).toContainEqual(
      expect.stringMatching(` in ${type} leak:`),
    )
  },
)

it.each([
  ['a table’s file', /postgres\/data\/base\//],
  ['the write-ahead log', /postgres\/data\/pg_wal\//],
  ['the append-only file of Redis', /redis\/appendonlydir\//],
  ['the log', /gatehouse\.log/],
  ['a data plane’s configuration', /data-plane.*\/config/],
  ['a data plane’s journal', /data-plane.*\/journal/],
])('a leak into %s would be found', (_file, path) => {
  expect(findIn('files', new SecretSearch({ leak }))).toContainEqual(expect.stringMatching(path))
})

it('what `gatehouse up` prints holds the two secrets of quickstart.json and no other', () => {
  const { 'admin token': adminToken = '', 'demo key': demoKey = '', ...others } = secrets
  expect(findIn('output', new SecretSearch(others))).toEqual([])
  const shown = new SecretSearch({ adminToken, demoKey })
  for (const place of ['output', 'quickstart.json'])
    expect(findIn(place, shown)).toEqual([
      expect.stringMatching(/^adminToken/),
      expect.stringMatching(/^demoKey/),
    ])
  expect(findIn('quickstart.json', new SecretSearch(others))).toEqual([])
})

it('every field that a query reaches was asked for', () => {
  expect(whole.unasked).toEqual([])
})

it('the provider was asked by every echoing model, whole and streamed', () => {
  expect(provider.requests()).toBeGreaterThanOrEqual(2 * Object.keys(echoes).length)
})
