import { createClient } from '@redis/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EmbeddedRedis } from '../../../cli/embedded/redis.ts'
import { connectRedis } from '../../../transport/redis/connect.ts'
import { memoryProblem } from '../../../transport/store-memory.ts'
import { startOwnRedis } from '../../environment/index.ts'
import { eventually } from '../poll.ts'

let server: EmbeddedRedis
beforeEach(async () => {
  server = await startOwnRedis({ persistent: false })
})
afterEach(() => server.kill())

async function configure(settings: Record<string, string>): Promise<void> {
  const client = await createClient({ url: server.url }).connect()
  await client.configSet(settings)
  await client.close()
}

/** What a plane that starts now knows, and what it logged. */
async function startedWith(settings: Record<string, string>) {
  await configure(settings)
  const warnings: string[] = []
  const log = { info() {}, warn: (_: object, message: string) => void warnings.push(message) }
  const transport = await connectRedis(server.url, { log })
  try {
    const memory = await eventually('Redis has told', async () => transport.memory)
    return { memory, warnings }
  } finally {
    await transport.close()
  }
}

describe('the memory of Redis', () => {
  it('is a problem where Redis evicts, told in the log and to whoever asks, with the way out', async () => {
    const { memory, warnings } = await startedWith({ maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' })
    expect(memory).toMatchObject({ evicts: true, policy: 'allkeys-lru', maxBytes: 100 * 1024 ** 2 })
    expect(memoryProblem(memory)).toMatch(/set maxmemory-policy noeviction/)
    expect(warnings).toEqual([memoryProblem(memory)])
  })

  it('is none where Redis refuses instead, or has no limit, and is one again when it is nearly used up', async () => {
    const refusing = await startedWith({ maxmemory: '100mb', 'maxmemory-policy': 'noeviction' })
    expect(refusing).toMatchObject({ memory: { evicts: false }, warnings: [] })
    const boundless = await startedWith({ maxmemory: '0', 'maxmemory-policy': 'allkeys-lru' })
    expect(boundless).toMatchObject({ memory: { evicts: false, maxBytes: null }, warnings: [] })
    const { usedBytes } = boundless.memory
    const full = await startedWith({ maxmemory: String(usedBytes), 'maxmemory-policy': 'noeviction' })
    expect(memoryProblem(full.memory)).toMatch(/nearly used up/)
  })
})
