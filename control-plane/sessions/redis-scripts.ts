import { channels } from '../../contract/channels.ts'
import { script } from '../../transport/redis/script.ts'

/**
 * What every script is given as KEYS. The last three are the beginnings of names: which sessions a step ends shows only
 * within it. All share the organization's hash tag, so that a cluster has them on one server.
 */
export function sessionKeys(organizationId: string): string[] {
  return [
    channels.sessionEnds(organizationId),
    channels.sessionChecks(organizationId),
    channels.session(organizationId, ''),
    channels.sessionsOfUser(organizationId, ''),
    channels.sessionsTagged(organizationId, ''),
  ]
}

/**
 * A session is one hash and its entries in up to five indexes. Redis lets both lapse some time after the session's end,
 * should nobody remove it before: an entry without a hash is one of those.
 */
const shared = `
  local ends, checks, session, ofUser, tagged = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

  local function remove(id)
    local held = redis.call('HMGET', session .. id, 'userId', 'subjectTag', 'providerSessionTag', 'providerId')
    redis.call('ZREM', ends, id)
    redis.call('ZREM', checks, id)
    if not held[1] then return false end
    redis.call('ZREM', ofUser .. held[1], id)
    redis.call('SREM', tagged .. held[2], id)
    if held[3] ~= '' then redis.call('SREM', tagged .. held[3], id) end
    redis.call('DEL', session .. id)
    return { id, held[1], held[4] }
  end

  -- The id, the user and the provider of each, one after the other.
  local function removeAll(ids)
    local removed = {}
    for _, id in ipairs(ids) do
      for _, text in ipairs(remove(id) or {}) do removed[#removed + 1] = text end
    end
    return removed
  end

  local function keep(key, ms)
    if redis.call('PTTL', key) < tonumber(ms) then redis.call('PEXPIRE', key, ms) end
  end

  -- Names and values from ARGV[first] on, the id before them.
  local function write(first, lapse, indexLapse)
    local id, fields, row = ARGV[first], {}, {}
    for i = first + 1, #ARGV do fields[#fields + 1] = ARGV[i] end
    for i = 1, #fields, 2 do row[fields[i]] = fields[i + 1] end
    redis.call('HSET', session .. id, unpack(fields))
    redis.call('PEXPIRE', session .. id, lapse)
    redis.call('ZADD', ofUser .. row.userId, row.lastSeenAt, id)
    redis.call('ZADD', ends, row.endsAt, id)
    redis.call('ZADD', checks, row.checkedAt, id)
    redis.call('SADD', tagged .. row.subjectTag, id)
    local indexes = { ofUser .. row.userId, ends, checks, tagged .. row.subjectTag }
    if row.providerSessionTag ~= '' then
      indexes[#indexes + 1] = tagged .. row.providerSessionTag
      redis.call('SADD', tagged .. row.providerSessionTag, id)
    end
    for _, index in ipairs(indexes) do keep(index, indexLapse) end
  end

  -- Whether somebody refreshes the secrets at that time.
  local function isTaken(refreshingUntil, now)
    return refreshingUntil ~= '' and tonumber(refreshingUntil) > now
  end
`

/** ARGV: user, digest, most, whether to refuse ('1'), now, lapse, lapse of the indexes, then the session. */
export const create = script(`${shared}
  local most, now = tonumber(ARGV[3]), tonumber(ARGV[5])
  if redis.call('HGET', session .. ARGV[8], 'digest') == ARGV[2] then return {} end
  local live = {}
  for _, id in ipairs(redis.call('ZRANGE', ofUser .. ARGV[1], 0, -1)) do
    local endsAt = redis.call('HGET', session .. id, 'endsAt')
    if not endsAt then redis.call('ZREM', ofUser .. ARGV[1], id)
    elseif tonumber(endsAt) > now then live[#live + 1] = id end
  end
  local tooMany = #live + 1 - most
  if tooMany > 0 and ARGV[4] == '1' then return 'refused' end
  local evicted = {}
  for i = 1, tooMany do evicted[i] = live[i] end
  local removed = removeAll(evicted)
  write(8, ARGV[6], ARGV[7])
  return removed
`)

/** ARGV: id, now, end, lapse, how long ago the last note must be. */
export const touch = script(`${shared}
  local id, now = ARGV[1], tonumber(ARGV[2])
  local held = redis.call('HMGET', session .. id, 'endsAt', 'lastSeenAt', 'userId')
  if not held[1] or tonumber(held[1]) <= now then return 0 end
  if now - tonumber(held[2]) >= tonumber(ARGV[5]) then
    redis.call('HSET', session .. id, 'lastSeenAt', ARGV[2], 'endsAt', ARGV[3])
    redis.call('PEXPIRE', session .. id, ARGV[4])
    redis.call('ZADD', ofUser .. held[3], ARGV[2], id)
    redis.call('ZADD', ends, ARGV[3], id)
  end
  return 1
`)

/** ARGV: id, expected version, now, digest of the next one, lapse, lapse of the indexes, then the next one. */
export const replace = script(`${shared}
  local now = tonumber(ARGV[3])
  if redis.call('HGET', session .. ARGV[7], 'digest') == ARGV[4] then return 'replaced' end
  local held = redis.call('HMGET', session .. ARGV[1], 'endsAt', 'secretsVersion', 'refreshingUntil')
  if not held[1] or tonumber(held[1]) <= now then return 'gone' end
  if held[2] ~= ARGV[2] or isTaken(held[3], now) then return 'busy' end
  remove(ARGV[1])
  write(7, ARGV[5], ARGV[6])
  return 'replaced'
`)

/** ARGV: id, expected version, now, until. */
export const claimRefresh = script(`${shared}
  local now = tonumber(ARGV[3])
  local held = redis.call('HMGET', session .. ARGV[1], 'endsAt', 'secretsVersion', 'refreshingUntil')
  if not held[1] or tonumber(held[1]) <= now then return 'gone' end
  if held[2] ~= ARGV[2] then return 'superseded' end
  if isTaken(held[3], now) then return 'taken' end
  redis.call('HSET', session .. ARGV[1], 'refreshingUntil', ARGV[4])
  return 'claimed'
`)

/** ARGV: id, until. */
export const releaseRefresh = script(`${shared}
  if redis.call('HGET', session .. ARGV[1], 'refreshingUntil') == ARGV[2] then
    redis.call('HSET', session .. ARGV[1], 'refreshingUntil', '')
  end
  return 1
`)

/** ARGV: id, expected version, the next version, secrets, time of the check. */
export const storeSecrets = script(`${shared}
  local held = redis.call('HMGET', session .. ARGV[1], 'secretsVersion', 'secrets')
  if held[1] == ARGV[3] and held[2] == ARGV[4] then return 1 end
  if not held[1] or held[1] ~= ARGV[2] then return 0 end
  redis.call('HSET', session .. ARGV[1],
    'secrets', ARGV[4], 'secretsVersion', ARGV[3], 'checkedAt', ARGV[5], 'refreshingUntil', '')
  redis.call('ZADD', checks, ARGV[5], ARGV[1])
  return 1
`)

/** ARGV: id. */
export const remove = script(`${shared} return removeAll({ ARGV[1] })`)

/** ARGV: user. */
export const removeOfUser = script(`${shared}
  return removeAll(redis.call('ZRANGE', ofUser .. ARGV[1], 0, -1))
`)

/** ARGV: provider, the tag that names fewer, tag of the subject or '', tag of the provider's session or ''. */
const findFitting = `
  local fitting = {}
  for _, id in ipairs(redis.call('SMEMBERS', tagged .. ARGV[2])) do
    local held = redis.call('HMGET', session .. id, 'providerId', 'subjectTag', 'providerSessionTag')
    if not held[1] then
      redis.call('SREM', tagged .. ARGV[2], id)
    elseif held[1] == ARGV[1] and (ARGV[3] == '' or held[2] == ARGV[3])
      and (ARGV[4] == '' or held[3] == ARGV[4]) then
      fitting[#fitting + 1] = id
    end
  end
`

/** ARGV: as {@link findFitting}. */
export const findTagged = script(`${shared} ${findFitting} return fitting`)

/** ARGV: as {@link findFitting}. */
export const removeTagged = script(`${shared} ${findFitting} return removeAll(fitting)`)

/** ARGV: now, how many. Counts those too that Redis has let lapse already. */
export const removeExpired = script(`${shared}
  local ids = redis.call('ZRANGE', ends, '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[2])
  removeAll(ids)
  return #ids
`)
