import Type from 'typebox'
import { channels } from '../../contract/channels.ts'
import { checkerOf } from '../../contract/validation.ts'
import { type RequestRates, rateWindowMs, roundingMs, verdictOf } from '../request-rates.ts'
import type { RedisClient } from './client.ts'
import type { RedisConnection } from './connection.ts'
import { runScript, script } from './script.ts'

/*
 * The same step as takeRequest (transport/request-rates.ts), which the tests hold against this script. Times are
 * microseconds of Redis' own clock, which all processes share.
 *
 * KEYS: the sender. ARGV: the interval between two requests, the window, the rounding. Answers: whether it is admitted,
 * until when the allowance is whole again, the time now.
 */
const take = script(`
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local interval, window, rounding = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
  local whole = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
  local after = whole + interval
  if after - now > window + rounding then return {0, string.format('%.2f', whole - now), now} end
  local lifetime = string.format('%.0f', math.ceil((after - now) / 1000))
  redis.call('SET', KEYS[1], string.format('%.2f', after), 'PX', lifetime)
  return {1, string.format('%.2f', after - now), now}
`)

const checkAnswer = checkerOf(
  'answer of the rate script',
  Type.Tuple([Type.Number(), Type.String(), Type.Number()]),
)

export interface MeasuredTake {
  readonly admitted: boolean
  readonly aheadMs: number
  readonly nowMs: number
}

/** One step on one client, with the time at which Redis took it. */
export async function takeFromRedis(
  client: RedisClient,
  sender: string,
  requestsPerMinute: number,
): Promise<MeasuredTake> {
  const micros = [rateWindowMs / requestsPerMinute, rateWindowMs, roundingMs].map((ms) => String(ms * 1_000))
  const answer = await runScript(client, take, [channels.requestRate(sender)], micros)
  const [admitted, aheadMicros, nowMicros] = checkAnswer(answer)
  return { admitted: admitted === 1, aheadMs: Number(aheadMicros) / 1_000, nowMs: nowMicros / 1_000 }
}

/** @param timeoutMs A sender waits no longer than this for the answer of Redis. */
export function redisRequestRates(connection: RedisConnection, timeoutMs: number): RequestRates {
  return {
    async take(sender, requestsPerMinute) {
      const step = (client: RedisClient) => takeFromRedis(client, sender, requestsPerMinute)
      const { admitted, aheadMs } = await connection.run(step, { timeoutMs })
      return verdictOf(admitted, requestsPerMinute, aheadMs)
    },
  }
}
