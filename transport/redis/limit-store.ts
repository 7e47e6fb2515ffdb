import { randomUUID } from 'node:crypto'
import Type from 'typebox'
import { channels } from '../../contract/channels.ts'
import { checkerOf } from '../../contract/validation.ts'
import {
  grantsLookedThrough,
  type KeptPermits,
  type LimitStore,
  type PermitRequest,
  permitHoldMs,
} from '../limit-store.ts'
import type { RedisClient } from './client.ts'
import type { RedisConnection } from './connection.ts'
import { runScript, script } from './script.ts'

/*
 * The same steps as PermitWindow (transport/memory/permits.ts), which the tests hold against these scripts.
 * Times are microseconds of Redis' own clock, which all data planes share; doubles hold them exactly.
 */

/**
 * KEYS: grants and permits of each limit. ARGV: grant id, then for each limit its maximum, the lifetime of a
 * grant, how many are needed and how many are wanted. Answers for each: granted, what could still be, time until what is needed
 * is free, the time now.
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

  local function timeUntilFree(grants, permits, taken, most)
    local looked = redis.call('ZRANGE', grants, 0, ${grantsLookedThrough - 1}, 'WITHSCORES')
    for i = 1, #looked, 2 do
      taken = taken - tonumber(redis.call('HGET', permits, looked[i]) or '0')
      if taken <= most then return tonumber(looked[i + 1]) - now end
    end
    if #looked == 0 then return 0 end
    return tonumber(looked[#looked]) - now
  end

  local answers = {}
  for i = 0, #KEYS / 2 - 1 do
    local grants, permits = KEYS[2 * i + 1], KEYS[2 * i + 2]
    local limit, lifetime = tonumber(ARGV[4 * i + 2]), tonumber(ARGV[4 * i + 3])
    local needed, wanted = tonumber(ARGV[4 * i + 4]), tonumber(ARGV[4 * i + 5])
    local taken = forget(grants, permits, tonumber(redis.call('HGET', permits, '') or '0'))
    local free = limit - taken
    local granted, retryAfter = 0, 0
    if free < needed then
      retryAfter = timeUntilFree(grants, permits, taken, limit - needed)
    elseif needed > 0 then
      granted = math.max(needed, math.min(wanted, math.floor(free / 8)))
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

/** KEYS: grants and permits of each grant's limit. ARGV: grant id and what is kept of it, pairwise. */
const keep = script(`
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  for i = 1, #ARGV, 2 do
    local grants, permits = KEYS[i], KEYS[i + 1]
    local id, kept = ARGV[i], tonumber(ARGV[i + 1])
    local held = tonumber(redis.call('HGET', permits, id) or '0')
    local countsUntil = tonumber(redis.call('ZSCORE', grants, id) or '0')
    if countsUntil > now and kept < held then
      redis.call('HINCRBY', permits, '', string.format('%.0f', kept - held))
      if kept == 0 then
        redis.call('ZREM', grants, id)
        redis.call('HDEL', permits, id)
      else
        redis.call('HSET', permits, id, string.format('%.0f', kept))
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
  const values = requests.flatMap(({ max, windowMs, needed, wanted }) => [
    String(max),
    String((permitHoldMs(windowMs) + windowMs) * 1000),
    String(needed),
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
  kept: readonly KeptPermits[],
): Promise<void> {
  const keys = kept.flatMap(({ limitId }) => limitKeys(organizationId, limitId))
  const values = kept.flatMap(({ grantId, permits }) => [grantId, String(permits)])
  await runScript(client, keep, keys, values)
}

/** The name under which the permits of one request of an `acquirePermits` are kept. */
export function grantName(grantId: string, index: number): string {
  return `${grantId}:${index}`
}

const orphansKept = 256
/** Redis serves nobody else while a script runs. */
const keptAtOnce = 256

/** The limits of one organization, as one data plane takes from them. */
export function redisLimitStore(connection: RedisConnection, organizationId: string): LimitStore {
  /** Grants whose answer never came: if Redis made them all the same, they would count for nobody's calls. */
  const orphans: KeptPermits[] = []

  const acquireFor = async (grantId: string, requests: readonly PermitRequest[]) => {
    const unclaimed = orphans.splice(0)
    try {
      return await connection.run(async (client) => {
        if (unclaimed.length > 0) await keepPermits(client, organizationId, unclaimed)
        return await acquirePermits(client, organizationId, grantId, requests)
      })
    } catch (error) {
      const lost = requests.map(({ limitId }, index) => ({
        limitId,
        grantId: grantName(grantId, index),
        permits: 0,
      }))
      orphans.push(...[...unclaimed, ...lost].slice(-orphansKept))
      throw error
    }
  }

  return {
    async acquire(requests) {
      if (requests.length === 0) return []
      const grantId = randomUUID()
      const grants = await acquireFor(grantId, requests)
      return requests.map(({ windowMs }, index) => {
        const { granted = 0, remaining = 0, retryAfterMicros = 0 } = grants[index] ?? {}
        return {
          ...{ grantId: grantName(grantId, index), granted, remaining },
          ...{ holdMs: permitHoldMs(windowMs), retryAfterMs: Math.ceil(retryAfterMicros / 1000) },
        }
      })
    },
    async keep(kept) {
      for (let first = 0; first < kept.length; first += keptAtOnce) {
        const some = kept.slice(first, first + keptAtOnce)
        await connection.run((client) => keepPermits(client, organizationId, some))
      }
    },
  }
}

function limitKeys(organizationId: string, limitId: string): [string, string] {
  return [channels.limitGrants(organizationId, limitId), channels.limitPermits(organizationId, limitId)]
}
