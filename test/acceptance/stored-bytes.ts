import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createClient, RESP_TYPES } from '@redis/client'
import pg from 'pg'

/** Something that was written, and where. */
export interface Stored {
  readonly where: string
  readonly bytes: Buffer
}

/** Every row of every table, each column as the text that PostgreSQL gives for it and as its own bytes. */
export async function dumpDatabase(url: string): Promise<Stored[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    )
    const stored: Stored[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<Record<string, unknown>>(`select * from ${name}`)
      const { rows: texts } = await client.query<{ text: string }>(`select t::text as text from ${name} t`)
      for (const { text } of texts) stored.push({ where: name, bytes: Buffer.from(text) })
      const columns = rows.flatMap((row) => Object.entries(row))
      for (const [column, value] of columns)
        stored.push({ where: `${name}.${column}`, bytes: bytesOf(value) })
    }
    return stored
  } finally {
    await client.end()
  }
}

function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value
  return Buffer.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}

/** Every key of every logical database, with all that it holds. */
export async function dumpRedis(url: string): Promise<Stored[]> {
  const client = await createClient({ url }).connect()
  const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  const reads: Record<string, (key: string) => string[]> = {
    string: (key) => ['GET', key],
    hash: (key) => ['HGETALL', key],
    list: (key) => ['LRANGE', key, '0', '-1'],
    set: (key) => ['SMEMBERS', key],
    zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
    stream: (key) => ['XRANGE', key, '-', '+'],
  }
  try {
    const stored: Stored[] = []
    for (const key of await client.keys('*')) {
      const type = await client.type(key)
      // It has expired since it was listed.
      if (type === 'none') continue
      const read = reads[type]
      if (!read) throw new Error(`the Redis key ${key} is a ${type}, which this dump cannot read`)
      const where = `${type} ${key}`
      stored.push({ where, bytes: Buffer.from(key) })
      for (const bytes of leavesOf(await binary.sendCommand(read(key)))) stored.push({ where, bytes })
    }
    return stored
  } finally {
    await client.close()
  }
}

function leavesOf(reply: unknown): Buffer[] {
  if (Buffer.isBuffer(reply)) return [reply]
  if (Array.isArray(reply)) return reply.flatMap(leavesOf)
  if (reply instanceof Map) return [...reply].flatMap(leavesOf)
  if (typeof reply === 'object' && reply !== null) return Object.entries(reply).flatMap(leavesOf)
  return [Buffer.from(String(reply))]
}

export interface RedisWitness {
  /** Every command that was sent since the start, with its arguments. */
  readonly commands: string[]
  /** Every message of every channel. */
  readonly messages: Stored[]
  close(): Promise<void>
}

export async function watchRedis(url: string): Promise<RedisWitness> {
  const commands: string[] = []
  const messages: Stored[] = []
  const monitor = await createClient({ url }).connect()
  await monitor.monitor((command) => void commands.push(String(command)))
  const subscriber = await createClient({ url }).connect()
  const keep = (bytes: Buffer, channel: Buffer) => void messages.push({ where: String(channel), bytes })
  await subscriber.pSubscribe('*', keep, true)
  return {
    commands,
    messages,
    close: async () => {
      monitor.destroy()
      subscriber.destroy()
    },
  }
}

/** Every file below a folder, with its name. */
export function readFiles(folder: string): Stored[] {
  const isFile = (entry: Dirent) => entry.isFile()
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(isFile)
  return entries.map((entry) => {
    const path = join(entry.parentPath, entry.name)
    const where = relative(folder, path)
    return { where, bytes: Buffer.concat([Buffer.from(`${where}\n`), readFileSync(path)]) }
  })
}
