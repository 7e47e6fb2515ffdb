import { setTimeout as delay } from 'node:timers/promises'
import { createGovernedKey } from '../chaos/hierarchy.ts'
import { readUsage } from '../chaos/ledger.ts'
import { Random } from '../chaos/random.ts'
import { eventually } from '../test/acceptance/gateway.ts'
import { configurationApplied } from '../test/acceptance/keys.ts'
import type { Plane } from '../test/acceptance/plane.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import type { Progress, Tried } from './proof.ts'

const policies = ['ABORT', 'DRAIN', 'DRAIN_CAPPED'] as const
type Policy = (typeof policies)[number]

const model = 'demo-pace-5'
const maxTokens = 64
const mostEvents = 40
/** Few enough that a data plane on a busy machine turns none of them away. */
const callers = 8
const limitNanoUsd = 1_000_000_000_000
const settleLimitMs = 60_000

export interface CutStreams {
  /** For each policy. */
  readonly streams: number
  readonly seed: number
}

export interface CutVerdict extends Tried {
  readonly promise: string
  readonly streams: number
  readonly billedNanoUsd: number
  readonly chargedNanoUsd: number
  /** Charged less than was billed, and charged anything else than was billed. */
  readonly below: number
  readonly beside: number
  readonly seed: number
}

/** Leaves streams at a random event, and holds what each is charged against what the provider's own log bills. */
export async function proveCutStreams(
  planes: Planes,
  { streams, seed }: CutStreams,
  progress: Progress,
): Promise<CutVerdict[]> {
  const random = new Random(seed)
  const key = await createGovernedKey(planes, [model])
  await key.limit(limitNanoUsd)
  const verdicts: CutVerdict[] = []
  for (const policy of policies) {
    await follow(planes, policy)
    const ids = Array.from({ length: streams }, (_, index) => `${policy.toLowerCase()}-${seed}-${index}`)
    const waiting = [...ids]
    const leaveInTurn = async (plane: Plane) => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        await leaveStream(plane, key.secret, id, random.between(1, mostEvents))
      }
    }
    const turns = Array.from(
      { length: callers },
      (_, index) => planes.dataPlanes[index % planes.dataPlanes.length],
    )
    await Promise.all(turns.flatMap((plane) => (plane ? [leaveInTurn(plane)] : [])))
    verdicts.push({ ...(await judge(planes, policy, ids)), seed })
    progress(JSON.stringify(verdicts.at(-1)))
  }
  return verdicts
}

async function follow(planes: Planes, whenCallerLeaves: Policy): Promise<void> {
  await planes.graphql(
    'mutation ($input: UpdateProviderInput!) { updateProvider(input: $input) { ... on Provider { id } } }',
    { input: { id: planes.demo.providerId, whenCallerLeaves } },
  )
  for (const plane of planes.dataPlanes) {
    await configurationApplied({ ...planes, statusUrl: plane.address('statusUrl') })
  }
}

/** Reads so many events of an answer, and goes. */
async function leaveStream(plane: Plane, secret: string, id: string, events: number): Promise<void> {
  const left = new AbortController()
  const response = await fetch(`${plane.address('url')}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${secret}`,
      'x-request-id': id,
    },
    body: JSON.stringify({
      ...{ model, user: id, max_tokens: maxTokens, stream: true },
      messages: [{ role: 'user', content: `Say something about ${id}.` }],
    }),
    signal: left.signal,
  })
  const decoder = new TextDecoder()
  let seen = 0
  for await (const piece of response.body ?? []) {
    seen += decoder.decode(piece, { stream: true }).split('\n\n').length - 1
    if (seen >= events) break
  }
  left.abort()
  await delay(0)
}

async function judge(
  planes: Planes,
  policy: Policy,
  ids: readonly string[],
): Promise<Omit<CutVerdict, 'seed'>> {
  const wanted = new Set(ids)
  const billed = () => planes.providerCalls().filter(({ user }) => user !== null && wanted.has(user))
  let charged: Awaited<ReturnType<typeof readUsage>> = []
  const isSettled = async () => {
    charged = (await readUsage(planes)).filter(({ requestId }) => wanted.has(requestId))
    return charged.length === ids.length && billed().length === ids.length
  }
  await eventually(isSettled, settleLimitMs, () => `${charged.length} of ${ids.length} are charged`)
  const bills = new Map(billed().map(({ user, costNanoUsd }) => [user, costNanoUsd]))
  const below = charged.filter(({ requestId, costNanoUsd }) => costNanoUsd < (bills.get(requestId) ?? 0))
  const beside = charged.filter(({ requestId, costNanoUsd }) => costNanoUsd !== bills.get(requestId))
  const sum = (costs: Iterable<number>) => [...costs].reduce((total, cost) => total + cost, 0)
  const isExact = policy !== 'ABORT'
  return {
    promise: isExact
      ? `a stream that its caller leaves is charged what the provider bills, to the nano-dollar (${policy})`
      : `a stream that is broken off with its caller is charged no less than the provider bills (${policy})`,
    streams: ids.length,
    billedNanoUsd: sum(bills.values()),
    chargedNanoUsd: sum(charged.map(({ costNanoUsd }) => costNanoUsd)),
    ...{ below: below.length, beside: beside.length },
    kept: below.length === 0 && (!isExact || beside.length === 0),
  }
}
