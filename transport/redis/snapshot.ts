import { randomUUID } from 'node:crypto'
import { RESP_TYPES } from '@redis/client'
import { channels } from '../../contract/channels.ts'
import type { RedisConnection } from './connection.ts'

/*
 * A snapshot of a hundred thousand keys is some fifty megabytes. As one command it would hold up both planes and, worse,
 * Redis itself, on which calls wait: so it is written and read in pieces.
 */

const pieceLength = 1024 * 1024
/** A part of a snapshot whose writer died does not stay. */
const unfinishedSeconds = 60
const mostReads = 3

/**
 * Puts a snapshot beside the one in use. A script then renames it, so that no reader sees a part.
 *
 * @returns the key that holds it
 */
export async function writeNextSnapshot(
  connection: RedisConnection,
  organizationId: string,
  snapshot: string,
): Promise<string> {
  const key = channels.configNextSnapshot(organizationId, randomUUID())
  await connection.run((client) =>
    client.set(key, '', { expiration: { type: 'EX', value: unfinishedSeconds } }),
  )
  for (let from = 0; from < snapshot.length; ) {
    // Between two lines no character is cut in two.
    const end = snapshot.indexOf('\n', from + pieceLength)
    const piece = snapshot.slice(from, end === -1 ? undefined : end)
    await connection.run((client) => client.append(key, piece))
    from += piece.length
  }
  return key
}

/** The snapshot in use, or null when there is none. One that is replaced meanwhile is read again. */
export async function readSnapshot(
  connection: RedisConnection,
  organizationId: string,
): Promise<string | null> {
  const key = channels.configSnapshot(organizationId)
  for (let read = 1; ; read += 1) {
    const first = await readPiece(connection, key, 0)
    if (first.length === 0) return null
    const text = await readOn(connection, key, first)
    const latest = await readPiece(connection, key, 0)
    if (latest.equals(first) || read === mostReads) return text
  }
}

async function readOn(connection: RedisConnection, key: string, first: Buffer): Promise<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const texts: string[] = []
  for (let piece = first; ; piece = await readPiece(connection, key, texts.length)) {
    texts.push(decoder.decode(piece, { stream: true }))
    if (piece.length < pieceLength) return texts.join('') + decoder.decode()
  }
}

async function readPiece(connection: RedisConnection, key: string, index: number): Promise<Buffer> {
  const from = index * pieceLength
  const piece = await connection.run((client) =>
    client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).getRange(key, from, from + pieceLength - 1),
  )
  return piece ?? Buffer.alloc(0)
}
