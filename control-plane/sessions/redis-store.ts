import Type from 'typebox'
import { channels } from '../../contract/channels.ts'
import { checkerOf } from '../../contract/validation.ts'
import type { ConnectionOf } from '../../transport/redis/connection.ts'
import { runScript, type Script } from '../../transport/redis/script.ts'
import * as scripts from './redis-scripts.ts'
import {
  type DueSessions,
  type OwnedSession,
  type ProviderSessionTags,
  type SessionLimit,
  type SessionStore,
  type StoredSession,
  touchEveryMs,
} from './session-store.ts'

/** Redis forgets a session by itself so long after its end; `removeExpired` should have come before. */
const lapseMs = 10 * 60_000

const checkTexts = checkerOf('answer of a session script', Type.Array(Type.String()))
const checkCreated = checkerOf(
  'answer of a session script',
  Type.Union([Type.Literal('refused'), Type.Array(Type.String())]),
)
const checkReplaced = checkerOf('answer of a session script', Type.Enum(['replaced', 'busy', 'gone']))
const checkClaimed = checkerOf(
  'answer of a session script',
  Type.Enum(['claimed', 'taken', 'superseded', 'gone']),
)

const text = Type.String()
const number = Type.String({ pattern: '^\\d+$' })
const checkHash = checkerOf(
  'stored session',
  Type.Object({
    ...{ userId: text, providerId: text, subjectTag: text, providerSessionTag: text, digest: text },
    ...{ details: text, secrets: text, secretsVersion: number, refreshingUntil: text },
    ...{ lastSeenAt: number, endsAt: number, expiresAt: number, checkedAt: number },
  }),
)

/** Sessions in Redis. @throws TransportUnavailable from each step when Redis is away */
export class RedisSessionStore implements SessionStore {
  readonly #connectionOf: ConnectionOf

  constructor(connectionOf: ConnectionOf) {
    this.#connectionOf = connectionOf
  }

  async create(session: StoredSession, { most, whenFull }: SessionLimit, now: number) {
    const { organizationId, userId, digest } = session
    const refuse = whenFull === 'reject' ? '1' : '0'
    const values = [userId, digest, String(most), refuse, String(now), ...lapsesOf(session, now)]
    const answer = checkCreated(
      await this.#run(organizationId, scripts.create, [...values, ...fieldsOf(session)]),
    )
    return answer === 'refused' ? answer : { evicted: ownedIn(answer) }
  }

  async find(organizationId: string, id: string) {
    const key = channels.session(organizationId, id)
    const hash = await this.#connectionOf(organizationId).run((client) => client.hGetAll(key))
    return Object.keys(hash).length === 0 ? null : sessionOf(organizationId, id, hash)
  }

  async touch(organizationId: string, id: string, { now, endsAt }: { now: number; endsAt: number }) {
    const values = [id, now, endsAt, lapseOf(endsAt, now), touchEveryMs].map(String)
    return (await this.#run(organizationId, scripts.touch, values)) === 1
  }

  async replace(
    organizationId: string,
    id: string,
    next: StoredSession,
    { expectedVersion, now }: { expectedVersion: number; now: number },
  ) {
    const values = [id, String(expectedVersion), String(now), next.digest, ...lapsesOf(next, now)]
    return checkReplaced(await this.#run(organizationId, scripts.replace, [...values, ...fieldsOf(next)]))
  }

  async claimRefresh(
    organizationId: string,
    id: string,
    { expectedVersion, now, until }: { expectedVersion: number; now: number; until: number },
  ) {
    const values = [id, ...[expectedVersion, now, until].map(String)]
    return checkClaimed(await this.#run(organizationId, scripts.claimRefresh, values))
  }

  async releaseRefresh(organizationId: string, id: string, until: number) {
    await this.#run(organizationId, scripts.releaseRefresh, [id, String(until)])
  }

  async storeSecrets(
    organizationId: string,
    id: string,
    renewed: { secrets: string; expectedVersion: number; checkedAt: number },
  ) {
    const { secrets, expectedVersion, checkedAt } = renewed
    const values = [id, String(expectedVersion), String(expectedVersion + 1), secrets, String(checkedAt)]
    return (await this.#run(organizationId, scripts.storeSecrets, values)) === 1
  }

  async remove(organizationId: string, id: string) {
    return checkTexts(await this.#run(organizationId, scripts.remove, [id])).length > 0
  }

  async removeOfUsers(organizationId: string, userIds: readonly string[]) {
    const removed = userIds.map(async (userId) => {
      return ownedIn(checkTexts(await this.#run(organizationId, scripts.removeOfUser, [userId])))
    })
    return (await Promise.all(removed)).flat()
  }

  findByProviderSession(organizationId: string, providerId: string, tags: ProviderSessionTags) {
    return this.#runTagged(organizationId, scripts.findTagged, providerId, tags)
  }

  async removeByProviderSession(organizationId: string, providerId: string, tags: ProviderSessionTags) {
    return ownedIn(await this.#runTagged(organizationId, scripts.removeTagged, providerId, tags))
  }

  async listOfUsers(organizationId: string, userIds: readonly string[], now: number) {
    const ids = userIds.map((userId) => {
      const key = channels.sessionsOfUser(organizationId, userId)
      return this.#connectionOf(organizationId).run((client) => client.zRange(key, 0, -1, { REV: true }))
    })
    return this.#findLive(organizationId, (await Promise.all(ids)).flat(), now)
  }

  async listDue(organizationId: string, due: DueSessions) {
    const key = channels.sessionChecks(organizationId)
    const ids = await this.#connectionOf(organizationId).run((client) =>
      client.zRange(key, '-inf', `(${due.checkedBefore}`, {
        ...{ BY: 'SCORE', LIMIT: { offset: due.skip ?? 0, count: due.limit } },
      }),
    )
    return this.#findLive(organizationId, ids, due.now)
  }

  async removeExpired(organizationId: string, now: number, limit: number) {
    return Number(await this.#run(organizationId, scripts.removeExpired, [String(now), String(limit)]))
  }

  async #findLive(organizationId: string, ids: readonly string[], now: number): Promise<StoredSession[]> {
    const found = await Promise.all(ids.map((id) => this.find(organizationId, id)))
    return found.filter((session) => session !== null).filter(({ endsAt }) => endsAt > now)
  }

  async #runTagged(
    organizationId: string,
    script: Script,
    providerId: string,
    { subjectTag, providerSessionTag }: ProviderSessionTags,
  ): Promise<readonly string[]> {
    const narrower = providerSessionTag ?? subjectTag
    if (narrower === null) return []
    const values = [providerId, narrower, subjectTag ?? '', providerSessionTag ?? '']
    return checkTexts(await this.#run(organizationId, script, values))
  }

  #run(organizationId: string, script: Script, values: string[]): Promise<unknown> {
    const keys = scripts.sessionKeys(organizationId)
    return this.#connectionOf(organizationId).run((client) => runScript(client, script, keys, values))
  }
}

/** Of what a script has removed: id, user and provider, one after the other. */
function ownedIn(removed: readonly string[]): OwnedSession[] {
  return Array.from({ length: removed.length / 3 }, (_, index) => {
    const [id = '', userId = '', providerId = ''] = removed.slice(3 * index)
    return { id, userId, providerId }
  })
}

/** In milliseconds from now: a clock that differs from that of Redis shortens no session. */
function lapseOf(end: number, now: number): number {
  return Math.max(0, end - now) + lapseMs
}

function lapsesOf({ endsAt, expiresAt }: StoredSession, now: number): string[] {
  return [String(lapseOf(endsAt, now)), String(lapseOf(expiresAt, now))]
}

/** The id, then names and values; null is the empty text. */
function fieldsOf({ organizationId: _, id, ...fields }: StoredSession): string[] {
  return [id, ...Object.entries(fields).flatMap(([name, value]) => [name, String(value ?? '')])]
}

/** @throws ContractViolation when it is not what a store wrote. */
function sessionOf(organizationId: string, id: string, hash: object): StoredSession {
  const { providerSessionTag, refreshingUntil, ...fields } = checkHash({ ...hash })
  return {
    ...fields,
    ...{ organizationId, id },
    providerSessionTag: providerSessionTag || null,
    refreshingUntil: refreshingUntil === '' ? null : Number(refreshingUntil),
    secretsVersion: Number(fields.secretsVersion),
    lastSeenAt: Number(fields.lastSeenAt),
    endsAt: Number(fields.endsAt),
    expiresAt: Number(fields.expiresAt),
    checkedAt: Number(fields.checkedAt),
  }
}
