import { createHash } from 'node:crypto'
import type { RedisClient } from './client.ts'

export interface Script {
  readonly source: string
  readonly sha1: string
}

export function script(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}

/** Runs a script by its hash; a Redis that does not know it yet (restarted, flushed) is sent the source. */
export async function runScript(
  client: RedisClient,
  { source, sha1 }: Script,
  keys: string[],
  values: (Buffer | string)[],
): Promise<unknown> {
  const options = { keys, arguments: values }
  try {
    return await client.evalSha(sha1, options)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return await client.eval(source, options)
  }
}
