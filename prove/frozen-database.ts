import { setTimeout as delay } from 'node:timers/promises'
import type { DatabaseServer } from '../chaos/database-server.ts'
import { chat } from '../test/acceptance/calls.ts'
import { eventually } from '../test/acceptance/gateway.ts'
import { issueKey } from '../test/acceptance/keys.ts'
import type { Planes } from '../test/acceptance/planes.ts'

export interface FrozenDatabaseOptions {
  readonly frozenSeconds: number
  /** The control plane's `GRAPHQL_OPERATION_TIMEOUT_SECONDS`. */
  readonly operationSeconds: number
}

export interface FrozenDatabaseVerdict {
  readonly promise: string
  /** Changes that were asked for while PostgreSQL was frozen. */
  readonly asked: number
  /** Of those, the ones that were answered with 503 or 504. */
  readonly refused: number
  readonly slowestMs: number
  /** The slowest of those that were asked once the outage had to be known. */
  readonly slowestOnceKnownMs: number
  /** Changes that were made although their callers were told at once that the database does not answer. */
  readonly madeAllTheSame: number
  /** Inference calls in the meantime, and those of them that were not served. */
  readonly calls: number
  readonly failedCalls: number
  readonly kept: boolean
}

/** After so much silence the outage is known. */
const knownAfterMs = 7_000
const everyMs = 250
const atOnceMs = 1_000

/** Freezes PostgreSQL, which keeps its connections and answers nobody, while an administrator and an application go on. */
export async function proveFrozenDatabase(
  planes: Planes,
  database: DatabaseServer,
  { frozenSeconds, operationSeconds }: FrozenDatabaseOptions,
): Promise<FrozenDatabaseVerdict> {
  const [dataPlane] = planes.dataPlanes
  if (!dataPlane) throw new RangeError('there is no data plane')
  const key = await issueKey(planes, planes.demo, { name: 'frozen' })
  await planes.applied()

  await database.halt()
  const attempts: Promise<Attempt>[] = []
  const calls: Promise<boolean>[] = []
  const startedAt = performance.now()
  for (let number = 0; performance.now() - startedAt < frozenSeconds * 1_000; number += 1) {
    attempts.push(attempt(planes, `frozen ${number}`, performance.now() - startedAt))
    calls.push(chat(dataPlane, key.secret).then(({ status }) => status === 200))
    await delay(everyMs)
  }
  database.resume()
  const ended = await Promise.all(attempts)
  const served = await Promise.all(calls)
  await eventually(async () => (await createTeam(planes, 'after')).status === 200, 15_000)

  const made = await teamNames(planes)
  const known = ended.filter(
    ({ atMs, tookMs }) => atMs >= knownAfterMs && atMs + tookMs < frozenSeconds * 1_000,
  )
  const refused = ended.filter(({ status }) => status === 503 || status === 504).length
  const slowestMs = slowest(ended)
  const slowestOnceKnownMs = slowest(known)
  const madeAllTheSame = known.filter(({ name, status }) => status === 503 && made.has(name)).length
  const failedCalls = served.filter((isServed) => !isServed).length
  return {
    promise: `with PostgreSQL frozen for ${frozenSeconds} s each request is answered in time, at once when the outage is known, and no change is made that was refused`,
    ...{ asked: ended.length, refused, slowestMs, slowestOnceKnownMs, madeAllTheSame },
    ...{ calls: served.length, failedCalls },
    kept:
      known.length > 0 &&
      slowestMs <= (operationSeconds + 6) * 1_000 &&
      slowestOnceKnownMs <= atOnceMs &&
      madeAllTheSame === 0 &&
      failedCalls === 0,
  }
}

interface Attempt {
  readonly name: string
  readonly status: number
  /** Since the database was frozen. */
  readonly atMs: number
  readonly tookMs: number
}

async function attempt(planes: Planes, name: string, atMs: number): Promise<Attempt> {
  const startedAt = performance.now()
  const { status } = await createTeam(planes, name)
  return { name, status, atMs, tookMs: performance.now() - startedAt }
}

/** The HTTP status tells whether it was made. */
async function createTeam({ controlPlane, adminToken, demo }: Planes, name: string): Promise<Response> {
  const answer = await fetch(`${controlPlane.address('url')}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({
      query: 'mutation ($input: CreateTeamInput!) { createTeam(input: $input) { __typename } }',
      variables: { input: { workspaceId: demo.workspaceId, name } },
    }),
    signal: AbortSignal.timeout(60_000),
  })
  await answer.arrayBuffer()
  return answer
}

async function teamNames({ graphql }: Planes): Promise<ReadonlySet<string>> {
  const { teams } = await graphql<{ teams: { edges: { node: { name: string } }[] } }>(
    '{ teams(first: 100) { edges { node { name } } } }',
  )
  return new Set(teams.edges.map(({ node }) => node.name))
}

function slowest(attempts: readonly Attempt[]): number {
  return Math.round(Math.max(0, ...attempts.map(({ tookMs }) => tookMs)))
}
