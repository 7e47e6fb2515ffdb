import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leak, secretOf, secrets } from './canaries.ts'
import { call } from './canary-calls.ts'
import { leakEverywhere } from './canary-leaks.ts'
import { ask, type CanaryRun, manage } from './canary-mutations.ts'
import { type EchoingProvider, echoes, startEchoingProvider } from './echoing-provider.ts'
import { databaseUrl, redisUrl } from './embedded-stores.ts'
import { eventually, type Gateway, startGateway, temporaryDataDir } from './gateway.ts'
import { configurationApplied, readDemo } from './keys.ts'
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
  redis = await watchRedis(redisUrl(gateway))
  const run: CanaryRun = {
    ...{ gateway, demo: await readDemo(gateway), provider, answered, calls: 0 },
    testSignInId: '',
  }
  await manage(run)
  await configurationApplied(gateway)
  await call(run)
  await leakEverywhere(run)
  await allRecorded(run.calls)
  await lookEverywhere(run)
}, 150_000)

afterAll(async () => {
  await redis?.close()
  await gateway?.stop()
  await provider?.close()
  for (const folder of [dataDir, pluginDir]) rmSync(folder, { recursive: true, force: true })
})

/** Waits until all that was called has reached the database. */
async function allRecorded(calls: number): Promise<void> {
  let recorded = 0
  await eventually(
    async () => {
      const { usage } = await gateway.graphql<{ usage: { totalCount: number } }>('{ usage { totalCount } }')
      recorded = usage.totalCount
      return recorded >= calls
    },
    30_000,
    () => `${recorded} of ${calls} calls are recorded`,
  )
  await eventually(() => redis.messages.some(({ where }) => where === 'leak:channel'), 30_000)
  await eventually(() => redis.commands.some((command) => command.includes('leak:channel')), 30_000)
}

async function lookEverywhere({ testSignInId }: CanaryRun): Promise<void> {
  const asAdmin = (query: string, variables?: object) => ask(gateway, gateway.adminToken, query, variables)
  whole = await readWholeSchema(asAdmin, { TestSignIn: testSignInId })
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
  places['database tables'] = await dumpDatabase(databaseUrl(gateway))
  places['Redis keys'] = await dumpRedis(redisUrl(gateway))
  places['Redis commands'] = redis.commands.map((command) => ({
    where: command.slice(0, 80),
    bytes: Buffer.from(command),
  }))
  places['Redis messages'] = redis.messages
  await redis.close()
  await gateway.process.stop()
  const files = readFiles(dataDir)
  places.files = files.filter(({ where }) => where !== 'quickstart.json')
  places['quickstart.json'] = files.filter(({ where }) => where === 'quickstart.json')
  places.log = files.filter(({ where }) => where === 'gatehouse.log')
  places.output = [{ where: 'output', bytes: Buffer.from(gateway.process.output) }]
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
