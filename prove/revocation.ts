import { chat } from '../test/acceptance/calls.ts'
import { eventually } from '../test/acceptance/gateway.ts'
import { issueKey } from '../test/acceptance/keys.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import { untilStatus } from './key-lifecycle.ts'
import { People, type Person } from './people.ts'
import { judge, type TimePromise, type Verdict } from './promise.ts'
import type { Progress } from './proof.ts'

const revoked: TimePromise = {
  promise:
    'after revokeSession, with calls under way, two data planes admit no call with its access token within 250 ms p99',
  quantile: 0.99,
  limitMs: 250,
}
const inactive: TimePromise = {
  promise:
    'after an identity provider says in the check of sessions that somebody is no longer active, two data planes admit no call with their access token within 250 ms p99',
  quantile: 0.99,
  limitMs: 250,
}

const callersOfEach = 2
const usableLimitMs = 20_000
/** The check of a session is due after a minute, and looked for every quarter of one. */
const checkLimitMs = 150_000

/** Sessions are revoked one after the other; each time counts from the mutation's answer. */
export async function proveRevocation(planes: Planes, runs: number, progress: Progress): Promise<Verdict> {
  await using ends = new AsyncDisposableStack()
  const people = await beginAmongCalls(planes, ends)
  const times: number[] = []
  for (let run = 1; run <= runs; run += 1) {
    const person = await usable(planes, await people.signIn(`revoked ${run}`))
    await planes.graphql(
      'mutation ($id: ID!) { revokeSession(input: {id: $id}) { ... on Deleted { id } } }',
      {
        id: person.sessionId,
      },
    )
    times.push(await untilRefused(planes, person))
    if (run % 20 === 0) progress(`${run} of ${runs} sessions revoked`)
  }
  return judge(revoked, times)
}

/** They all become inactive in one round of checks; each time counts from the identity provider's answer. */
export async function proveInactivity(planes: Planes, count: number, progress: Progress): Promise<Verdict> {
  await using ends = new AsyncDisposableStack()
  const people = await beginAmongCalls(planes, ends)
  const { identityProvider } = people
  const gone = new Map<string, Person>()
  const times: Promise<number>[] = []
  // From the beginning: on a slow machine the first are checked before the last have signed in.
  identityProvider.onRefusedRefresh = (login) => {
    const person = gone.get(login)
    if (person && gone.delete(login)) times.push(untilRefused(planes, person))
  }
  for (let number = 1; number <= count; number += 1) {
    const person = await usable(planes, await people.signIn(`inactive ${number}`))
    gone.set(person.login, person)
    await identityProvider.revokeGrantsOf(person.login)
  }
  progress(`${count} people are no longer active: waiting for the check of their sessions`)
  await eventually(() => gone.size === 0, checkLimitMs)
  return judge(inactive, await Promise.all(times))
}

async function beginAmongCalls(planes: Planes, ends: AsyncDisposableStack): Promise<People> {
  const people = await People.begin(planes)
  ends.defer(() => people.close())
  ends.defer(await beginLoad(planes))
  return people
}

async function usable(planes: Planes, person: Person): Promise<Person> {
  await eventually(async () => {
    const { accessToken: secret } = person
    return (await untilStatus(planes, { id: '', secret }, 200)) < usableLimitMs
  }, usableLimitMs)
  return person
}

function untilRefused(planes: Planes, { accessToken: secret }: Person): Promise<number> {
  return untilStatus(planes, { id: '', secret }, 401)
}

/** Calls of somebody else, one after the other. @returns ends them */
async function beginLoad(planes: Planes): Promise<() => Promise<void>> {
  const background = await issueKey(planes, planes.demo, { name: 'background' })
  await planes.applied()
  const finished = new AbortController()
  const load = planes.dataPlanes.flatMap((plane) =>
    Array.from({ length: callersOfEach }, async () => {
      while (!finished.signal.aborted) await chat(plane, background.secret)
    }),
  )
  return async () => {
    finished.abort()
    await Promise.allSettled(load)
  }
}
