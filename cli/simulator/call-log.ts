import { mkdirSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** One line of the log: what the provider was asked, and what it bills for it. */
export interface SimulatedCall {
  readonly id: string
  /** RFC 3339. */
  readonly at: string
  readonly path: string
  readonly model: string | null
  /** The first 16 hex digits of the SHA-256 of the provider key; null when none was sent. */
  readonly keyHash: string | null
  /** The request's `user`: whom the caller calls for; null when it names nobody. */
  readonly user: string | null
  readonly stream: boolean
  readonly status: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly images: number
  readonly costNanoUsd: number
  /** The caller went away (or was cut off) before the answer was whole; billed is what was written until then. */
  readonly aborted: boolean
}

export interface CallLog {
  /** Resolves once the line is on the disk. */
  append(call: SimulatedCall): Promise<void>
  close(): Promise<void>
}

/** Appends calls to a file, one JSON object a line; lines that wait for the disk at the same time share one sync. */
export async function openCallLog(path: string): Promise<CallLog> {
  mkdirSync(dirname(path), { recursive: true })
  const file = await open(path, 'a', 0o600)
  let waiting: string[] = []
  let nextWrite: Promise<void> | undefined
  let lastWrite: Promise<void> = Promise.resolve()

  async function writeAfter(previous: Promise<void>): Promise<void> {
    // The failure of an earlier write was reported to its own callers.
    await previous.catch(() => undefined)
    const lines = waiting
    waiting = []
    nextWrite = undefined
    await writeSynced(file, lines)
  }

  return {
    append(call) {
      waiting.push(`${JSON.stringify(call)}\n`)
      if (nextWrite === undefined) {
        nextWrite = writeAfter(lastWrite)
        lastWrite = nextWrite
      }
      return nextWrite
    },
    async close() {
      await lastWrite.catch(() => undefined)
      await file.close()
    },
  }
}

async function writeSynced(file: FileHandle, lines: readonly string[]): Promise<void> {
  await file.appendFile(lines.join(''))
  await file.datasync()
}
