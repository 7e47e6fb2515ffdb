import { randomUUID } from 'node:crypto'
import Type from 'typebox'
import { channels } from '../../contract/channels.ts'
import { checkerOf } from '../../contract/validation.ts'
import { HeldGrants, type KeptGrant } from '../held-grants.ts'
import { type LimitStore, type PermitRequest, permitHoldMs } from '../limit-store.ts'
import type { RedisClient, RedisConnection } from './connection.ts'
import { runScript, script } from './script.ts'

/*
 * The same steps as PermitWindow (transport/memory/permits.ts), which the tests hold against these scripts.
 * Times are microseconds of Redis' own clock, which all data planes share; doubles hold them exactly.
 */

/**
 * KEYS: grants and permits of each limit. ARGV: grant id, then for each limit its maximum, the lifetime of a
 * grant, and how many are wanted. Answers for each: granted, what could still be,
 * time until a permit is free, the time now.
 */
const acquire = script(`
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local function text(number) return string.format('%.0f', number) end

  local function forget(grants, permits, taken)
    local gone = redis.call('ZRANGEBYSCORE', grants, '-inf', text(now))
    for _, id in ipairs(gone) do
      taken = taken - tonumber(redis.call('HGET', permits, id) or '0')
      redis.call('HDEL', permits, id)
    end
    if #gone > 0 then redis.call('ZREMRANGEBYSCORE', grants, '-inf', text(now)) end
    if redis.call('EXISTS', grants) == 0 then
      redis.call('DEL', permits)
      return 0
    end
    redis.call('HSET', permits, '', text(taken))
    return taken
  end

  local function timeUntilFree(grants, permits, taken, limit)
    local rank = 0
    while taken >= limit do
      local grant = redis.call('ZRANGE', grants, rank, rank, 'WITHSCORES')
      if #grant == 0 then return 0 end
      taken = taken - tonumber(redis.call('HGET', permits, grant[1]) or '0')
      if taken < limit then return tonumber(grant[2]) - now end
      rank = rank + 1
    end
    return 0
  end

  local answers = {}
  for i = 0, #KEYS / 2 - 1 do
    local grants, permits = KEYS[2 * i + 1], KEYS[2 * i + 2]
    local limit, lifetime, wanted = tonumber(ARGV[3 * i + 2]), tonumber(ARGV[3 * i + 3]), tonumber(ARGV[3 * i + 4])
    local taken = forget(grants, permits, tonumber(redis.call('HGET', permits, '') or '0'))
    local free = limit - taken
    local granted, retryAfter = 0, 0
    if free < 1 then
      retryAfter = timeUntilFree(grants, permits, taken, limit)
    elseif wanted > 0 then
      granted = math.min(wanted, math.max(1, math.floor(free / 8)))
      local id = ARGV[1] .. ':' .. i
      redis.call('ZADD', grants, text(now + lifetime), id)
      redis.call('HSET', permits, id, text(granted), '', text(taken + granted))
      local lifetimeMs = text(math.ceil(lifetime / 1000) + 1000)
      redis.call('PEXPIRE', grants, lifetimeMs)
      redis.call('PEXPIRE', permits, lifetimeMs)
    end
    answers[#answers + 1] = granted
    answers[#answers + 1] = math.max(0, free - granted)
    answers[#answers + 1] = retryAfter
    answers[#answers + 1] = now
  end
  return answers
`)

/**
 * KEYS: grants and permits of one limit. ARGV: grant id and what is kept of it, pairwise. It says what is left,
 * not what is taken off, so that a late or doubled command changes nothing.
 */
const keep = script(`
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  for i = 1, #ARGV, 2 do
    local id, kept = ARGV[i], tonumber(ARGV[i + 1])
    local held = tonumber(redis.call('HGET', KEYS[2], id) or '0')
    local countsUntil = tonumber(redis.call('ZSCORE', KEYS[1], id) or '0')
    if countsUntil > now and kept < held then
      redis.call('HINCRBY', KEYS[2], '', kept - held)
      if kept == 0 then
        redis.call('ZREM', KEYS[1], id)
        redis.call('HDEL', KEYS[2], id)
      else
        redis.call('HSET', KEYS[2], id, kept)
      end
    end
  end
  return 1
`)

const checkAnswers = checkerOf('answer of the permit script', Type.Array(Type.Number()))

export interface MeasuredGrant {
  readonly granted: number
  readonly remaining: number
  readonly retryAfterMicros: number
  readonly nowMicros: number
}

/** One step of the store on one client, with the time at which Redis took it. */
export async function acquirePermits(
  client: RedisClient,
  organizationId: string,
  grantId: string,
  requests: readonly PermitRequest[],
): Promise<MeasuredGrant[]> {
  const keys = requests.flatMap(({ limitId }) => limitKeys(organizationId, limitId))
  const values = requests.flatMap(({ maxRequests, windowMs, wanted }) => [
    String(maxRequests),
    String((permitHoldMs(windowMs) + windowMs) * 1000),
    String(wanted),
  ])
  const numbers = checkAnswers(await runScript(client, acquire, keys, [grantId, ...values]))
  return requests.map((_, index) => ({
    granted: numbers[4 * index] ?? 0,
    remaining: numbers[4 * index + 1] ?? 0,
    retryAfterMicros: numbers[4 * index + 2] ?? 0,
    nowMicros: numbers[4 * index + 3] ?? 0,
  }))
}

export async function keepPermits(
  client: RedisClient,
  organizationId: string,
  limitId: string,
  kept: readonly KeptGrant[],
): Promise<void> {
  const values = kept.flatMap(({ grantId, permits }) => [grantId, String(permits)])
  await runScript(client, keep, limitKeys(organizationId, limitId), values)
}

/** The name under which the permits of one request of an `acquirePermits` are kept. */
export function grantName(grantId: string, index: number): string {
  return `${grantId}:${index}`
}

const orphansKept = 256

/** The request limits of one organization, as one data plane takes from them. */
export function redisLimitStore(connection: RedisConnection, organizationId: string): LimitStore {
  const held = new HeldGrants()
  /** Grants whose answer never came: if Redis made them all the same, they would count for nobody's calls. */
  const orphans: { limitId: string; grantId: string }[] = []

  const acquireFor = async (grantId: string, requests: readonly PermitRequest[]) => {
    const unclaimed = orphans.splice(0)
    try {
      return await connection.run(async (client) => {
        for (const { limitId, grantId } of unclaimed)
          await keepPermits(client, organizationId, limitId, [{ grantId, permits: 0 }])
        return await acquirePermits(client, organizationId, grantId, requests)
      })
    } catch (error) {
      const lost = requests.map(({ limitId }, index) => ({ limitId, grantId: grantName(grantId, index) }))
      orphans.push(...[...unclaimed, ...lost].slice(-orphansKept))
      throw error
    }
  }

  return {
    async acquire(requests) {
      if (requests.length === 0) return []
      const calledAt = performance.now()
      const grantId = randomUUID()
      const grants = await acquireFor(grantId, requests)
      return requests.map(({ limitId, windowMs }, index) => {
        const { granted = 0, remaining = 0, retryAfterMicros = 0 } = grants[index] ?? {}
        const holdMs = permitHoldMs(windowMs)
        if (granted > 0)
          held.add(limitId, grantName(grantId, index), granted, calledAt + holdMs, performance.now())
        return { granted, holdMs, remaining, retryAfterMs: Math.ceil(retryAfterMicros / 1000) }
      })
    },
    async giveBack(limitId, permits) {
      const kept = held.giveBack(limitId, permits, performance.now())
      if (kept.length === 0) return
      await connection.run((client) => keepPermits(client, organizationId, limitId, kept))
    },
  }
}

function limitKeys(organizationId: string, limitId: string): [string, string] {
  return [channels.limitGrants(organizationId, limitId), channels.limitPermits(organizationId, limitId)]
}
