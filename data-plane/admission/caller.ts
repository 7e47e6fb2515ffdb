import { type CompiledKey, type Configuration, readCredential } from '../../plugins/sdk/builtin.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import type { Caller } from './gate.ts'

/** Whoever presents no key that works: all of them share one share, the last. */
const stranger: Caller = { tenant: 'stranger', priority: 'low' }

/** Whose call it is, by its headers alone: its body has not been read yet. */
export function callerOf(
  rawHeaders: readonly string[],
  configuration: Configuration,
  digest: (secret: string) => string,
): Caller {
  const key = keyOf(rawHeaders, configuration, digest)
  if (key?.status !== 'active') return stranger
  const { customerId, teamId, workspaceId } = key.principal
  return { tenant: customerId ?? teamId ?? workspaceId, priority: key.priority }
}

function keyOf(
  rawHeaders: readonly string[],
  configuration: Configuration,
  digest: (secret: string) => string,
): CompiledKey | undefined {
  try {
    const secret = readCredential(rawHeaders)
    return secret === undefined ? undefined : configuration.keyByDigest(digest(secret))
  } catch (error) {
    if (error instanceof Denied) return undefined
    throw error
  }
}
