import { channels } from '../../contract/channels.ts'
import { type ConfigPublisher, keptDeltas } from '../config-channel.ts'
import { bulkTimeoutFactor } from './config-channel.ts'
import type { RedisConnection } from './connection.ts'
import { runScript, script } from './script.ts'

/**
 * KEYS: head, snapshot, deltas, then one per credential.
 * ARGV: head, snapshot ('' leaves it), '1' to drop the deltas first, hint channel, how many deltas are kept,
 * number of deltas, revision and document of each, then the credentials ('' deletes).
 *
 * A delta whose revision is not above the newest one is there already: publishing twice changes nothing.
 */
const publish = script(`
  if ARGV[3] == '1' then redis.call('DEL', KEYS[3]) end
  if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2]) end
  local deltas = tonumber(ARGV[6])
  for i = 0, deltas - 1 do
    local revision, document = ARGV[7 + 2 * i], ARGV[8 + 2 * i]
    local added = redis.pcall('XADD', KEYS[3], 'MAXLEN', '=', ARGV[5], revision .. '-0', 'document', document)
    if type(added) == 'table' and added.err and not string.find(added.err, 'equal or smaller', 1, true) then
      return added
    end
  end
  for i = 4, #KEYS do
    local sealed = ARGV[7 + 2 * deltas + i - 4]
    if sealed == '' then redis.call('DEL', KEYS[i]) else redis.call('SET', KEYS[i], sealed) end
  end
  redis.call('SET', KEYS[1], ARGV[1])
  redis.call('PUBLISH', ARGV[4], 'published')
  return 1
`)

/** Writes the configurations of all organizations into Redis. */
export function redisConfigPublisher(
  connection: RedisConnection,
  operationTimeoutMs: number,
): ConfigPublisher {
  const bulk = { timeoutMs: operationTimeoutMs * bulkTimeoutFactor }
  return {
    async publish({ organizationId, head, deltas, snapshot = '', credentials = new Map(), dropDeltas }) {
      const keys = [
        channels.configHead(organizationId),
        channels.configSnapshot(organizationId),
        channels.configDeltas(organizationId),
        ...[...credentials.keys()].map((id) => channels.configCredentials(organizationId, id)),
      ]
      const values = [
        head,
        snapshot,
        dropDeltas ? '1' : '0',
        channels.configHints(organizationId),
        String(keptDeltas),
        String(deltas.length),
        ...deltas.flatMap(({ revision, document }) => [String(revision), document]),
        ...[...credentials.values()].map((sealed) => sealed ?? ''),
      ]
      await connection.run((client) => runScript(client, publish, keys, values), bulk)
    },
    async replaceSnapshot(organizationId, snapshot) {
      await connection.run((client) => client.set(channels.configSnapshot(organizationId), snapshot), bulk)
    },
    async published(organizationId) {
      const [head, snapshots] = await connection.run((client) =>
        Promise.all([
          client.get(channels.configHead(organizationId)),
          client.exists(channels.configSnapshot(organizationId)),
        ]),
      )
      return { head, hasSnapshot: snapshots > 0 }
    },
  }
}
