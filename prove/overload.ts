import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { findFreePort } from '../cli/embedded/free-port.ts'
import { endWithUs } from '../test/acceptance/end-with-us.ts'
import { issueKey } from '../test/acceptance/keys.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import { offer, type Stream, type Tally } from './open-loop.ts'
import { quantile } from './promise.ts'
import type { Progress } from './proof.ts'

export interface ShedVerdict {
  readonly promise: string
  readonly peakPerSecond: number
  readonly goodputPerSecond: number
  readonly share: number
  readonly kept: boolean
}

export interface PriorityVerdict {
  readonly promise: string
  readonly served: Readonly<Record<'high' | 'normal' | 'low', number>>
  readonly kept: boolean
}

export interface StarvedTenantVerdict {
  readonly promise: string
  readonly aloneP99Ms: number
  readonly besideP99Ms: number
  readonly served: number
  readonly kept: boolean
}

/** Streams of two seconds, an event every 20 ms: most of a call's cost is in its events. */
const events = 100
const everyMs = 20
const model = 'paced'
const seconds = 12
const settleSeconds = 5
const overload = 3
/** Some 0.1 ms of work, several times what an event costs generator and provider together. */
const bytesPerEvent = 131_072

export const laboriousPlugin = join(import.meta.dirname, 'laborious-plugin.ts')

/**
 * Finds out how many calls a data plane serves at best, and then offers three times as many: with keys of each priority,
 * and as one tenant beside another that wants little.
 */
export async function proveOverload(
  planes: Planes,
  progress: Progress,
): Promise<(ShedVerdict | PriorityVerdict | StarvedTenantVerdict)[]> {
  const port = await findFreePort()
  const provider = startProvider(port)
  try {
    return await prove(planes, await prepare(planes, port), progress)
  } finally {
    provider.kill()
  }
}

interface Keys {
  readonly high: string
  readonly normal: string
  readonly low: string
  readonly modest: string
  readonly greedy: string
}

async function prove(planes: Planes, keys: Keys, progress: Progress) {
  const [dataPlane] = planes.dataPlanes
  if (!dataPlane) throw new RangeError('there is no data plane')
  const run = (streams: readonly Stream[]) =>
    offer(streams, { origin: dataPlane.address('url'), model, seconds, settleSeconds })
  const perSecond = (tallies: readonly Tally[]) =>
    Math.round(tallies.reduce((sum, { served }) => sum + served, 0) / (seconds - settleSeconds))

  let peak = 0
  for (let rate = 20; rate <= 20_480; rate = Math.round(rate * 1.5)) {
    const goodput = perSecond(await run([{ secret: keys.normal, perSecond: rate }]))
    progress(`${rate} calls/s offered, ${goodput} served`)
    peak = Math.max(peak, goodput)
    if (goodput < rate * 0.85) break
  }

  const [high, normal, low] = await run([
    { secret: keys.high, perSecond: peak * 0.2 },
    { secret: keys.normal, perSecond: peak * 1.4 },
    { secret: keys.low, perSecond: peak * 1.4 },
  ])
  const tallies = [high, normal, low].filter((tally) => tally !== undefined)
  const goodput = perSecond(tallies)

  const [alone] = await run([{ secret: keys.modest, perSecond: peak * 0.1 }])
  progress(`${goodput} served of ${overload * peak} offered with three priorities`)
  const [beside] = await run([
    { secret: keys.modest, perSecond: peak * 0.1 },
    { secret: keys.greedy, perSecond: peak * overload },
  ])
  return [
    {
      promise: `at ${overload} times the load that can be served, goodput stays at 80 % of its peak`,
      peakPerSecond: peak,
      goodputPerSecond: goodput,
      share: round(goodput / peak),
      kept: goodput >= 0.8 * peak,
    },
    {
      promise: `at ${overload} times the load that can be served, 95 % of the calls of HIGH keys are served`,
      served: { high: shareOf(high), normal: shareOf(normal), low: shareOf(low) },
      kept: shareOf(high) >= 0.95,
    },
    {
      promise: `beside a tenant that offers ${overload} times what can be served, another one's p99 at most doubles`,
      aloneP99Ms: p99(alone),
      besideP99Ms: p99(beside),
      served: shareOf(beside),
      kept: p99(beside) <= 2 * p99(alone) && shareOf(beside) >= 0.99,
    },
  ]
}

function shareOf(tally: Tally | undefined): number {
  return tally && tally.offered > 0 ? round(tally.served / tally.offered) : 0
}

function p99(tally: Tally | undefined): number {
  return Math.round(
    quantile(
      (tally?.tookMs ?? []).toSorted((a, b) => a - b),
      0.99,
    ),
  )
}

function round(share: number): number {
  return Math.round(share * 1_000) / 1_000
}

function startProvider(port: number): ChildProcess {
  const script = join(import.meta.dirname, 'paced-provider.ts')
  const flags = ['--port', String(port), '--events', String(events), '--every-ms', String(everyMs)]
  const provider = spawn(process.execPath, [script, ...flags], { stdio: 'inherit' })
  endWithUs(provider)
  return provider
}

async function prepare(planes: Planes, port: number): Promise<Keys> {
  const { graphql, demo } = planes
  const create = async (field: string, type: string, input: object) => {
    const made = await graphql<Record<string, { id?: string }>>(
      `mutation ($input: ${type}Input!) { ${field}(input: $input) {
        ... on ${type.replace(/^(Create|Add)/, '')} { id } ... on Refusal { message } } }`,
      { input },
    )
    if (!made[field]?.id) throw new Error(`${field}: ${JSON.stringify(made)}`)
    return made[field].id
  }
  const baseUrl = `http://127.0.0.1:${port}/v1`
  const providerId = await create('createProvider', 'CreateProvider', {
    ...{ name: 'paced', baseUrl, allowPrivateNetwork: true },
  })
  await create('addProviderKey', 'AddProviderKey', {
    providerId,
    name: 'main',
    secret: `sk-${randomBytes(16).toString('hex')}`,
  })
  const prices = { inputNanoUsdPerMillionTokens: '150000000', outputNanoUsdPerMillionTokens: '600000000' }
  await create('createModel', 'CreateModel', { providerId, name: model, maxOutputTokens: 10_000, prices })
  const laborious = { name: 'laborious', enabled: true, position: { side: 'AFTER', of: 'audit' } }
  await graphql(
    'mutation ($input: ConfigurePluginInput!) { configurePlugin(input: $input) { ... on Plugin { id: name } } }',
    {
      input: { ...laborious, config: { bytesPerEvent } },
    },
  )
  const { workspaceId } = demo
  const keyOf = async (name: string, priority: 'HIGH' | 'NORMAL' | 'LOW') => {
    const teamId = await create('createTeam', 'CreateTeam', { workspaceId, name })
    return (await issueKey(planes, { ...demo, teamId }, { name, priority, providers: [providerId] })).secret
  }
  const keys = {
    high: await keyOf('high', 'HIGH'),
    normal: await keyOf('normal', 'NORMAL'),
    low: await keyOf('low', 'LOW'),
    modest: await keyOf('modest', 'NORMAL'),
    greedy: await keyOf('greedy', 'NORMAL'),
  }
  await planes.applied()
  return keys
}
