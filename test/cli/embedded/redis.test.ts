import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { afterEach, expect, it } from 'vitest'
import { findRedisServer, startRedis } from '../../../cli/embedded/redis.ts'
import { temporaryDirectory } from '../../environment/index.ts'

const directory = temporaryDirectory()
const program = findRedisServer() ?? ''
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const connect = (url: string) => createClient({ url }).connect()

async function withRedis<T>(
  url: string,
  work: (client: Awaited<ReturnType<typeof connect>>) => Promise<T>,
): Promise<T> {
  const client = await connect(url)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

it('keeps what it holds over a restart', async () => {
  mkdirSync(directory, { recursive: true })
  const first = await startRedis({ program, directory, persistent: true })
  await withRedis(first.url, (client) => client.set('kept', '42'))
  await first.stop()
  const second = await startRedis({ program, directory, persistent: true })
  expect(await withRedis(second.url, (client) => client.get('kept'))).toBe('42')
  await second.stop()
})

it('never lets two servers write to the same files', async () => {
  mkdirSync(directory, { recursive: true })
  const abandoned = await startRedis({ program, directory, persistent: true })
  const second = await startRedis({ program, directory, persistent: true })
  await abandoned.died
  await second.stop()
})

it('is found on PATH or not at all', () => {
  expect(findRedisServer(join(directory, 'nothing-here'))).toBeUndefined()
})
