import { channels } from '../../contract/channels.ts'
import type { HeldIntents, IntentReader, IntentStore } from '../intents.ts'
import type { ConnectionOf, RedisConnection } from './connection.ts'
import { runScript, script } from './script.ts'

/** Of a process: how often it has been heard of, and how many intents of it are held. */
const beatField = (process: string) => `beat/${process}`

/**
 * KEYS: the hash. ARGV: the process, how many pairs of name and body follow, the pairs, and the names to forget. The names
 * that a process holds are counted in the hash, for walking it would take ever longer.
 */
const update = script(`
  local process, pairs = ARGV[1], tonumber(ARGV[2])
  local count = 'count/' .. process
  local added = 0
  for i = 3, 1 + 2 * pairs, 2 do added = added + redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
  for i = 3 + 2 * pairs, #ARGV do added = added - redis.call('HDEL', KEYS[1], ARGV[i]) end
  redis.call('HINCRBY', KEYS[1], 'beat/' .. process, 1)
  return redis.call('HINCRBY', KEYS[1], count, added)
`)

export function redisIntentStore(options: {
  connection: RedisConnection
  organizationId: string
  dataPlaneId: string
}): IntentStore {
  const { connection, organizationId, dataPlaneId } = options
  const key = channels.intents(organizationId, dataPlaneId)
  return {
    async update(process, kept, forgotten) {
      const pairs = kept.flatMap(({ name, body }) => [name, body])
      const args = [process, String(kept.length), ...pairs, ...forgotten]
      return Number(await connection.run((client) => runScript(client, update, [key], args)))
    },
  }
}

export function redisIntentReader(connectionOf: ConnectionOf): IntentReader {
  const all = async (organizationId: string, dataPlaneId: string) =>
    Object.entries(
      await connectionOf(organizationId).run((client) =>
        client.hGetAll(channels.intents(organizationId, dataPlaneId)),
      ),
    )
  return {
    async beats(organizationId, dataPlaneId) {
      const key = channels.intents(organizationId, dataPlaneId)
      const names = (await connectionOf(organizationId).run((client) => client.hKeys(key))).filter((name) =>
        name.startsWith('beat/'),
      )
      if (names.length === 0) return new Map()
      const beats = await connectionOf(organizationId).run((client) => client.hmGet(key, names))
      return new Map(names.map((name, index) => [name.slice('beat/'.length), beats[index] ?? '']))
    },
    async read(organizationId, dataPlaneId, process) {
      const fields = await all(organizationId, dataPlaneId)
      return fields
        .filter(([name]) => name.startsWith(`${process}/`))
        .map(([name, body]): HeldIntents => ({ name, body }))
    },
    async forget(organizationId, dataPlaneId, process) {
      const key = channels.intents(organizationId, dataPlaneId)
      const held = (await connectionOf(organizationId).run((client) => client.hKeys(key))).filter((name) =>
        name.startsWith(`${process}/`),
      )
      const names = [...held, beatField(process), `count/${process}`]
      await connectionOf(organizationId).run((client) => client.hDel(key, names))
    },
  }
}
