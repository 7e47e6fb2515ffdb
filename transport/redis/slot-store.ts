import { randomUUID } from 'node:crypto'
import Type from 'typebox'
import { channels } from '../../contract/channels.ts'
import { checkerOf } from '../../contract/validation.ts'
import { type SlotRequest, type SlotStore, slotLeaseMs } from '../slot-store.ts'
import type { RedisClient } from './client.ts'
import type { RedisConnection } from './connection.ts'
import { runScript, script } from './script.ts'

/**
 * The same steps as SlotTable (transport/memory/slots.ts), which the tests hold against this script.
 *
 * KEYS: the slots of each limit. ARGV: the holder, the lease in microseconds, then for each limit its maximum, how many
 * are in use and how many are wanted. Answers: the time, then how many are held of each.
 */
const hold = script(`
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local holder, lease = ARGV[1], tonumber(ARGV[2])
  local answers = { now }
  for i, key in ipairs(KEYS) do
    local max, inUse, wanted = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
    local byOthers = 0
    local held = redis.call('HGETALL', key)
    for j = 1, #held, 2 do
      local slots, countsUntil = string.match(held[j + 1], '^(%d+):(%d+)$')
      if tonumber(countsUntil) <= now then
        redis.call('HDEL', key, held[j])
      elseif held[j] ~= holder then
        byOthers = byOthers + tonumber(slots)
      end
    end
    local slots = math.max(inUse, math.min(wanted, max - byOthers))
    if slots > 0 then
      redis.call('HSET', key, holder, string.format('%.0f:%.0f', slots, now + lease))
      redis.call('PEXPIRE', key, string.format('%.0f', math.ceil(lease / 1000) + 1000))
    else
      redis.call('HDEL', key, holder)
    end
    answers[#answers + 1] = slots
  end
  return answers
`)

const checkAnswers = checkerOf('answer of the slot script', Type.Array(Type.Number(), { minItems: 1 }))

export interface MeasuredSlots {
  readonly nowMicros: number
  readonly slots: readonly number[]
}

/** One step of the store on one client, with the time at which Redis took it. */
export async function holdSlots(
  client: RedisClient,
  organizationId: string,
  holder: string,
  requests: readonly SlotRequest[],
  leaseMs = slotLeaseMs,
): Promise<MeasuredSlots> {
  const keys = requests.map(({ limitId }) => channels.limitSlots(organizationId, limitId))
  const values = requests.flatMap(({ max, inUse, wanted }) => [String(max), String(inUse), String(wanted)])
  const answers = await runScript(client, hold, keys, [holder, String(leaseMs * 1000), ...values])
  const [nowMicros = 0, ...slots] = checkAnswers(answers)
  return { nowMicros, slots }
}

/** The slots of one organization, as one process of a data plane holds them: what one that died held is not its own. */
export function redisSlotStore(connection: RedisConnection, organizationId: string): SlotStore {
  const holder = randomUUID()
  return {
    async hold(requests) {
      if (requests.length === 0) return []
      const { slots } = await connection.run((client) => holdSlots(client, organizationId, holder, requests))
      return slots
    },
  }
}
