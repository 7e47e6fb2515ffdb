import { channels } from '../../contract/channels.ts'
import { type ConfigPublisher, keptDeltas } from '../config-channel.ts'
import { bulkTimeoutFactor } from './config-channel.ts'
import type { ConnectionOf } from './connection.ts'
import { runScript, script } from './script.ts'
import { writeNextSnapshot } from './snapshot.ts'

/**
 * KEYS: head, snapshot, next snapshot (the same one: it stays), deltas, then one per credential.
 * ARGV: head, '1' to drop the deltas first, hint channel, how many deltas are kept, number of deltas, revision and
 * document of each, then the credentials ('' deletes).
 *
 * A delta whose revision is not above the newest one is there already: publishing twice changes nothing.
 */
const publish = script(`
  if ARGV[2] == '1' then redis.call('DEL', KEYS[4]) end
  if KEYS[3] ~= KEYS[2] then
    redis.call('RENAME', KEYS[3], KEYS[2])
    redis.call('PERSIST', KEYS[2])
  end
  local deltas = tonumber(ARGV[5])
  for i = 0, deltas - 1 do
    local revision, document = ARGV[6 + 2 * i], ARGV[7 + 2 * i]
    local added = redis.pcall('XADD', KEYS[4], 'MAXLEN', '=', ARGV[4], revision .. '-0', 'document', document)
    if type(added) == 'table' and added.err and not string.find(added.err, 'equal or smaller', 1, true) then
      return added
    end
  end
  for i = 5, #KEYS do
    local sealed = ARGV[6 + 2 * deltas + i - 5]
    if sealed == '' then redis.call('DEL', KEYS[i]) else redis.call('SET', KEYS[i], sealed) end
  end
  redis.call('SET', KEYS[1], ARGV[1])
  redis.call('PUBLISH', ARGV[3], 'published')
  return 1
`)

/** KEYS: snapshot, next snapshot. */
const useNextSnapshot = script(`
  redis.call('RENAME', KEYS[2], KEYS[1])
  return redis.call('PERSIST', KEYS[1])
`)

/** Writes the configurations of all organizations into Redis. */
export function redisConfigPublisher(
  connectionOf: ConnectionOf,
  operationTimeoutMs: number,
): ConfigPublisher {
  const bulk = { timeoutMs: operationTimeoutMs * bulkTimeoutFactor }
  return {
    async publish({ organizationId, head, deltas, snapshot, credentials = new Map(), dropDeltas }) {
      const inUse = channels.configSnapshot(organizationId)
      const next =
        snapshot === undefined
          ? inUse
          : await writeNextSnapshot(connectionOf(organizationId), organizationId, snapshot)
      const keys = [
        channels.configHead(organizationId),
        ...[inUse, next],
        channels.configDeltas(organizationId),
        ...[...credentials.keys()].map((id) => channels.configCredentials(organizationId, id)),
      ]
      const values = [
        head,
        dropDeltas ? '1' : '0',
        channels.configHints(organizationId),
        String(keptDeltas),
        String(deltas.length),
        ...deltas.flatMap(({ revision, document }) => [String(revision), document]),
        ...[...credentials.values()].map((sealed) => sealed ?? ''),
      ]
      await connectionOf(organizationId).run((client) => runScript(client, publish, keys, values), bulk)
    },
    async replaceSnapshot(organizationId, snapshot) {
      const connection = connectionOf(organizationId)
      const next = await writeNextSnapshot(connection, organizationId, snapshot)
      const keys = [channels.configSnapshot(organizationId), next]
      await connection.run((client) => runScript(client, useNextSnapshot, keys, []))
    },
    async published(organizationId) {
      const [head, snapshots] = await connectionOf(organizationId).run((client) =>
        Promise.all([
          client.get(channels.configHead(organizationId)),
          client.exists(channels.configSnapshot(organizationId)),
        ]),
      )
      return { head, hasSnapshot: snapshots > 0 }
    },
  }
}
