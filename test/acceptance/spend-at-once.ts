import { setTimeout as delay } from 'node:timers/promises'
import { issueKey, setBudget } from './keys.ts'
import type { Plane } from './plane.ts'
import type { Planes } from './planes.ts'

export interface Rush {
  readonly mode: 'STRICT' | 'BALANCED'
  readonly limitNanoUsd: number
  readonly calls: number
  /** What each of them is answered with, as many as it allows. */
  readonly outputTokens: number
}

export interface Spending {
  readonly served: number
  /** By the provider's own log. */
  readonly billedNanoUsd: number
  /** What the data planes showed at most, all together, of what they can overspend. */
  readonly boundNanoUsd: number
}

/** Before them, so that a balanced budget expects the calls to be far cheaper than they will be. */
const cheapCalls = 30
/** For so long all calls that were admitted are under way at once. */
const answerMs = 3_000
const lookEveryMs = 20

/** Makes many calls at once to a budget that pays for a part of them, on all data planes by turns. */
export async function spendAtOnce(planes: Planes, rush: Rush): Promise<Spending> {
  const name = `rush-${rush.mode}`
  const { id, secret } = await issueKey(planes, planes.demo, { name })
  await setBudget(planes, id, String(rush.limitNanoUsd), rush.mode)
  const model = await createModel(planes, name, 'demo-tokens-1')
  const call = (index: number) => {
    const plane = planes.dataPlanes[index % planes.dataPlanes.length]
    if (!plane) throw new RangeError('there is no data plane')
    return ask(plane, secret, { user: `${name}-${index}`, maxTokens: rush.outputTokens, model: name })
  }
  for (let index = 0; index < cheapCalls * planes.dataPlanes.length; index += 1) await call(index)
  await answerAs(planes, model, `demo-slow-${answerMs}+tokens-${rush.outputTokens}`)
  const bounds = watchBounds(planes.dataPlanes)
  const statuses = await Promise.all(Array.from({ length: rush.calls }, (_, index) => call(1_000 + index)))
  const billed = planes.providerCalls().filter(({ user }) => user?.startsWith(`${name}-`))
  return {
    served: statuses.filter((status) => status === 200).length,
    billedNanoUsd: billed.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0),
    boundNanoUsd: await bounds.highest(),
  }
}

/** @returns its id */
export async function createModel(planes: Planes, name: string, upstreamName: string): Promise<string> {
  const { providerId } = planes.demo
  // What the simulator bills.
  const prices = {
    inputNanoUsdPerMillionTokens: '150000000',
    cachedInputNanoUsdPerMillionTokens: '75000000',
    outputNanoUsdPerMillionTokens: '600000000',
  }
  const { createModel: created } = await planes.graphql<{ createModel: { id: string } }>(
    'mutation ($input: CreateModelInput!) { createModel(input: $input) { ... on Model { id } } }',
    { input: { providerId, name, upstreamName, maxOutputTokens: 16_384, prices } },
  )
  await planes.applied()
  return created.id
}

/** The same model for callers answers otherwise from now on. */
export async function answerAs(planes: Planes, id: string, upstreamName: string): Promise<void> {
  await planes.graphql(
    'mutation ($input: UpdateModelInput!) { updateModel(input: $input) { ... on Model { id } } }',
    { input: { id, upstreamName } },
  )
  await planes.applied()
}

interface Ask {
  readonly user: string
  readonly maxTokens: number
  readonly model: string
}

export async function ask(plane: Plane, secret: string, { user, maxTokens, model }: Ask): Promise<number> {
  const response = await fetch(`${plane.address('url')}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${secret}`,
    },
    body: JSON.stringify({
      ...{ model, max_tokens: maxTokens, user },
      messages: [{ role: 'user', content: 'Hello' }],
    }),
    signal: AbortSignal.timeout(60_000),
  })
  await response.arrayBuffer()
  return response.status
}

/** Looks again and again how much the data planes say that they can overspend. */
function watchBounds(dataPlanes: readonly Plane[]) {
  const watching = new AbortController()
  const each = dataPlanes.map(async (plane) => {
    let highest = 0
    while (!watching.signal.aborted) {
      highest = Math.max(highest, await readBound(plane))
      await delay(lookEveryMs)
    }
    return highest
  })
  return {
    async highest(): Promise<number> {
      watching.abort()
      return (await Promise.all(each)).reduce((sum, one) => sum + one, 0)
    },
  }
}

async function readBound(plane: Plane): Promise<number> {
  const response = await fetch(`${plane.address('statusUrl')}/status/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ leases { overspendBoundNanoUsd } }' }),
    signal: AbortSignal.timeout(20_000),
  })
  const { data } = (await response.json()) as {
    data: { leases: readonly { overspendBoundNanoUsd: string }[] }
  }
  return data.leases.reduce((sum, { overspendBoundNanoUsd }) => sum + Number(overspendBoundNanoUsd), 0)
}
