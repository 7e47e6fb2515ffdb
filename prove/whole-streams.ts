import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../test/acceptance/gateway.ts'
import { issueKey } from '../test/acceptance/keys.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import type { Progress } from './proof.ts'

export interface WholeStreamsOptions {
  readonly streams: number
  readonly seconds: number
  readonly reloadsPerSecond: number
}

export interface WholeStreamsVerdict {
  readonly promise: string
  readonly streams: number
  /** Streams of which each event came, as the provider sends them to whoever asks it directly, and one `[DONE]`. */
  readonly whole: number
  readonly reloads: number
  readonly exitCode: number | null
  readonly recorded: number
  readonly kept: boolean
}

const model = 'demo-pace-100'
const eventsPerSecond = 10
const promise =
  'no stream is dropped or altered by reloads, a plugin change, a rotated provider key and a data plane that is asked to end'

/**
 * Streams through the first data plane while its configuration changes all the time; in the last third of their time the
 * data plane is asked to end.
 */
export async function proveWholeStreams(
  planes: Planes,
  { streams, seconds, reloadsPerSecond }: WholeStreamsOptions,
  progress: Progress,
): Promise<WholeStreamsVerdict> {
  const [dataPlane] = planes.dataPlanes
  if (!dataPlane) throw new RangeError('there is no data plane')
  const { baseUrl, providerKeyId } = await prepareProvider(planes)
  const key = await issueKey(planes, planes.demo, { name: 'streams' })
  await planes.applied()

  const tokens = seconds * eventsPerSecond
  const [expected, ...received] = [
    readStream(baseUrl, 'whoever', tokens),
    ...Array.from({ length: streams }, () =>
      readStream(`${dataPlane.address('url')}/v1`, key.secret, tokens),
    ),
  ]
  progress(`${streams} streams of ${seconds} s have begun`)
  const changes = changeConfiguration(planes, providerKeyId, {
    changes: Math.floor((seconds * 2 * reloadsPerSecond) / 3),
    perSecond: reloadsPerSecond,
  })
  const reloads = await changes
  progress(`${reloads} reloads; the data plane is asked to end`)
  const ended = dataPlane.stop('SIGTERM')
  const whole = await Promise.all(received)
  const exitCode = await ended
  const direct = await expected
  const isWhole = ({ digest, ends }: ReadStream) => ends === 1 && digest === direct?.digest
  const counted = whole.filter(isWhole).length
  const recorded = await countRecords(planes, key.id, streams)
  return {
    ...{ promise, streams, whole: counted, reloads, exitCode, recorded },
    kept: counted === streams && exitCode === 0 && recorded === streams,
  }
}

async function prepareProvider({ graphql, demo }: Planes) {
  const { provider } = await graphql<{
    provider: { baseUrl: string; keys: { id: string }[] }
  }>('query ($id: ID!) { provider(id: $id) { baseUrl keys { id } } }', {
    id: demo.providerId,
  })
  const prices = { inputNanoUsdPerMillionTokens: '150000000', outputNanoUsdPerMillionTokens: '600000000' }
  await graphql('mutation ($input: CreateModelInput!) { createModel(input: $input) { __typename } }', {
    input: { providerId: demo.providerId, name: model, maxOutputTokens: 10_000, prices },
  })
  return { baseUrl: provider.baseUrl, providerKeyId: provider.keys[0]?.id ?? '' }
}

/** Renames the organization again and again; at a third of it the provider's key is rotated, at two thirds a plugin configured. */
async function changeConfiguration(
  { graphql }: Planes,
  providerKeyId: string,
  { changes, perSecond }: { readonly changes: number; readonly perSecond: number },
): Promise<number> {
  const rename = (name: string) =>
    graphql(
      'mutation ($input: UpdateOrganizationInput!) { updateOrganization(input: $input) { __typename } }',
      {
        input: { name },
      },
    )
  const startedAt = performance.now()
  for (let change = 1; change <= changes; change += 1) {
    await delay(Math.max(0, (change * 1_000) / perSecond - (performance.now() - startedAt)))
    if (change === Math.floor(changes / 3)) {
      await graphql(
        'mutation ($input: RotateProviderKeyInput!) { rotateProviderKey(input: $input) { ... on ProviderKey { id } } }',
        { input: { id: providerKeyId, secret: `sk-${randomBytes(16).toString('hex')}` } },
      )
    } else if (change === Math.floor((changes * 2) / 3)) {
      await graphql(
        'mutation ($input: ConfigurePluginInput!) { configurePlugin(input: $input) { __typename } }',
        { input: { name: 'provider', config: { drainMs: 5_000 } } },
      )
    } else await rename(`Renamed ${change}`)
  }
  return changes
}

interface ReadStream {
  /** SHA-256 over what each event says, in their order. */
  readonly digest: string
  /** How often it said `[DONE]`. */
  readonly ends: number
}

async function readStream(baseUrl: string, key: string, tokens: number): Promise<ReadStream> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({
      ...{ model, stream: true, max_tokens: tokens },
      messages: [{ role: 'user', content: 'Tell me a story' }],
    }),
  })
  const text = await response.text().catch((error: unknown) => `broken: ${error}`)
  const said = text.split('\n\n').filter((event) => event.trim() !== '')
  const hash = createHash('sha256')
  for (const event of said) hash.update(sayingOf(event))
  return { digest: hash.digest('hex'), ends: said.filter((event) => event === 'data: [DONE]').length }
}

/** Without what differs from answer to answer, its id and time, and the usage, for which only the gateway asks. */
function sayingOf(event: string): string {
  const json = event.replace(/^data: /, '')
  if (json === '[DONE]') return json
  try {
    return JSON.stringify(JSON.parse(json).choices)
  } catch {
    return `no event: ${event}`
  }
}

async function countRecords({ graphql }: Planes, virtualKeyId: string, expected: number): Promise<number> {
  const count = async () => {
    const { usage } = await graphql<{ usage: { totalCount: number } }>(
      'query ($id: ID!) { usage(filter: { virtualKeyId: $id, outcome: succeeded }) { totalCount } }',
      { id: virtualKeyId },
    )
    return usage.totalCount
  }
  await eventually(async () => (await count()) >= expected, 30_000).catch(() => undefined)
  return count()
}
