import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { rmSync } from 'node:fs'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Entity } from '../../../contract/configuration/entities.ts'
import { formatEnrolmentToken } from '../../../contract/enrolment.ts'
import { createDataPlane, type DataPlane } from '../../../data-plane/app.ts'
import { readEnv } from '../../../data-plane/env.ts'
import { createMemoryTransport } from '../../../transport/memory/create.ts'
import type { Transport } from '../../../transport/transport.ts'
import { temporaryDirectory } from '../../environment/index.ts'
import { root } from '../../source-tree.ts'
import { type CollectedSpan, Collector } from '../../telemetry/collector.ts'
import { eventually } from '../../transport/poll.ts'
import { Authority, organizationId, textOf } from '../config/authority.ts'
import { baseEntities, provider, virtualKey } from '../config/entities.ts'
import { Neighbour } from '../neighbour.ts'

const secret = 'sk-gh-a-key-of-this-test'
const traceId = '0af7651916cd43dd8448eb211c80319c'
const callerSpan = 'b7ad6b7169203331'
const traceparent = `00-${traceId}-${callerSpan}-01`
const said = 'a sentence that nobody else may read'

let authority: Authority
let neighbour: Neighbour
let collector: Collector
let collectorUrl: string
let transport: Transport
let dataPlane: DataPlane
let stateDirectory: string
let logged: string[]

beforeEach(async () => {
  authority = await Authority.create()
  neighbour = new Neighbour(authority)
  collector = new Collector()
  collectorUrl = await collector.listen()
  transport = createMemoryTransport()
  stateDirectory = temporaryDirectory()
})

afterEach(async () => {
  await dataPlane.close()
  await transport.close()
  await neighbour.close()
  await collector.close()
  rmSync(stateDirectory, { recursive: true, force: true })
})

async function start(environment: Record<string, string>, more: readonly Entity[] = []): Promise<void> {
  const url = await neighbour.listen()
  const digest = createHmac('sha256', authority.pepper).update(secret).digest('hex')
  authority.change([
    ...baseEntities,
    { ...provider, baseUrl: `${url}/v1` } as typeof provider,
    virtualKey('vk_1', { secretDigests: [{ digest, expiresAt: null }] }),
    ...more,
  ])
  await transport.controlPlane().config.publish({
    organizationId,
    head: authority.head(),
    deltas: [],
    snapshot: textOf(authority.snapshot()),
  })
  const token = { organizationId, secret: 'once', thumbprint: authority.signingKey.id }
  const env = readEnv(
    {
      DATA_PLANE_PORT: '0',
      DATA_PLANE_STATUS_PORT: '0',
      GATEHOUSE_STATE_DIR: stateDirectory,
      GATEHOUSE_AUDIT_DURABILITY: 'process',
      GATEHOUSE_ENROLMENT_TOKEN: formatEnrolmentToken(token),
      CONTROL_PLANE_URL: url,
      ...environment,
    },
    { needsRedis: false },
  )
  // Of this test alone: an exporter that was left waiting may still speak.
  const lines: string[] = []
  logged = lines
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(line) })
  dataPlane = await createDataPlane({ env, log, transport })
  await eventually('a configuration', async () => (await fetch(`${dataPlane.statusUrl}/readyz`)).ok)
}

async function chat(headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(`${dataPlane.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}`, ...headers },
    body: JSON.stringify({
      model: 'gpt-4o-mini',
      max_tokens: 7,
      messages: [{ role: 'user', content: said }],
    }),
  })
  await response.arrayBuffer()
  return response
}

/** What is left is exported when the process ends, which nobody has to wait two seconds for. */
async function lastSpan(): Promise<CollectedSpan> {
  await dataPlane.close()
  const [span] = collector.spans
  if (!span) throw new Error('no span')
  return span
}

const exporting = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl })

describe('a call is traced', () => {
  it('as one GenAI span of the caller’s trace, without a word of what was said', async () => {
    await start({ ...exporting(), OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc' })
    const response = await chat({ traceparent, 'x-request-id': 'req-7' })
    const span = await lastSpan()
    expect(span).toMatchObject({
      traceId,
      parentSpanId: callerSpan,
      name: 'chat gpt-4o-mini',
      kind: 3,
      status: 0,
      service: 'gatehouse-data-plane',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4o-mini',
        'gen_ai.request.max_tokens': 7,
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 5,
        'http.response.status_code': 200,
        'gatehouse.outcome': 'succeeded',
        'gatehouse.virtual_key.id': 'vk_1',
        'gatehouse.request.id': 'req-7',
      },
    })
    expect(response.headers.get('x-request-id')).toBe('req-7')
    expect(collector.headers.authorization).toBe('Bearer abc')
    for (const hidden of [said, secret, 'hello', 'sk-provider-secret']) {
      expect(collector.text).not.toContain(hidden)
    }
  })

  it('when it is refused, with the reason', async () => {
    await start(exporting())
    await chat({ authorization: 'Bearer sk-gh-nobody' })
    const span = await lastSpan()
    expect(span.status).toBe(2)
    expect(span.parentSpanId).toBeUndefined()
    expect(span.attributes).toMatchObject({
      'gatehouse.outcome': 'denied',
      'error.type': 'virtual_key_not_found',
      'gatehouse.refused_by': 'auth',
    })
    expect(span.attributes).not.toHaveProperty('gatehouse.virtual_key.id')
  })

  it('and measured: its tokens by type, its duration', async () => {
    await start(exporting())
    await chat()
    await chat()
    await dataPlane.close()
    const tokens = collector.points('gen_ai.client.token.usage')
    const sums = tokens.map(({ attributes, count, sum }) => [attributes['gen_ai.token.type'], count, sum])
    expect(sums.toSorted()).toEqual([
      ['input', 2, 20],
      ['output', 2, 10],
    ])
    const [duration] = collector.points('gen_ai.client.operation.duration')
    expect(duration).toMatchObject({
      count: 2,
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o-mini' },
    })
  })
})

describe('the trace goes on to the provider', () => {
  const letting: Entity = {
    kind: 'client_configuration',
    id: organizationId,
    allowedOrigins: [],
    allowedHeaders: [],
    headerFilter: { allowlist: ['traceparent'], denylist: [], forwardDirect: true },
  }

  it('where the header lists let it, under our span', async () => {
    await start(exporting(), [letting])
    await chat({ traceparent })
    const span = await lastSpan()
    expect(neighbour.asked[0]?.headers.traceparent).toBe(`00-${traceId}-${span.spanId}-01`)
  })

  it('and nowhere else', async () => {
    await start(exporting())
    await chat({ traceparent })
    await lastSpan()
    expect(neighbour.asked[0]?.headers).not.toHaveProperty('traceparent')
  })
})

describe('a collector that fails', () => {
  it.each([
    ['is not there', () => collector.close()],
    ['refuses', () => answering(400)],
    ['never answers', () => answering('never')],
  ])('and %s costs no call anything, nor the end of the process', async (_, fail) => {
    await start(exporting())
    await fail()
    for (let call = 0; call < 20; call++) expect((await chat()).status).toBe(200)
    await dataPlane.close()
    expect(logged.join('')).not.toContain('"level":50')
  })

  it('is named in the log once', async () => {
    await start(exporting())
    answering(400)
    for (let round = 0; round < 2; round++) {
      const exportsBefore = collector.requests
      await chat()
      await eventually('an export', () => collector.requests > exportsBefore)
    }
    await dataPlane.close()
    const complaints = logged.filter((line) => line.includes('"signal":"traces"'))
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toContain('does not take telemetry')
  })

  function answering(how: number | 'never'): void {
    collector.answers = how
  }
})

describe('without a collector', () => {
  it('nothing of OpenTelemetry is loaded, and calls go on', async () => {
    await start({})
    await chat()
    expect(loadedPackages("import './data-plane/app.ts'; import './control-plane/app.ts'")).toEqual([])
    expect(loadedPackages("import './data-plane/telemetry/start.ts'")).toContain('sdk-trace')
  })
})

/** The OpenTelemetry packages that a process has loaded; the bare API comes with the Redis client. */
function loadedPackages(imports: string): string[] {
  const program = `${imports}
    import { createRequire } from 'node:module'
    console.log(JSON.stringify(Object.keys(createRequire(process.cwd() + '/x.js').cache)))`
  const flags = ['--conditions=source', '--input-type=module', '--eval', program]
  const { stdout } = spawnSync(process.execPath, flags, { cwd: root, encoding: 'utf8' })
  const files: string[] = JSON.parse(stdout)
  const names = files.flatMap((file) => /@opentelemetry\/([^/]+)/.exec(file)?.[1] ?? [])
  return [...new Set(names)].filter((name) => name !== 'api')
}
