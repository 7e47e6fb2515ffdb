import {
  type CompiledKey,
  type Configuration,
  readCredentials,
  type Tokens,
} from '../../plugins/sdk/builtin.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import type { Caller } from './gate.ts'

/** Whoever presents nothing that works: all of them share one share, the last. */
const stranger: Caller = { tenant: 'stranger', priority: 'low' }

/** What credentials are known by. */
export interface Recognition {
  /** HMAC-SHA256 of a virtual key under the pepper, hex. */
  digest(secret: string): string
  /** Where calls come in nothing is verified that was not before: whoever has a new token waits for quieter times. */
  readonly tokens: Pick<Tokens, 'known'>
}

/** Whose call it is, by its headers alone: its body has not been read yet. */
export function callerOf(
  rawHeaders: readonly string[],
  configuration: Configuration,
  recognition: Recognition,
): Caller {
  const key = keyOf(rawHeaders, configuration, recognition)
  if (key?.status !== 'active') return stranger
  const { customerId, teamId, workspaceId } = key.principal
  return { tenant: customerId ?? teamId ?? workspaceId, priority: key.priority }
}

function keyOf(
  rawHeaders: readonly string[],
  configuration: Configuration,
  { digest, tokens }: Recognition,
): CompiledKey | undefined {
  try {
    const { secret, token } = readCredentials(rawHeaders)
    const key = secret === undefined ? undefined : configuration.keyByDigest(digest(secret))
    if (token === undefined) return key
    const known = tokens.known(token, configuration)
    const user = known && configuration.tokenUser(known.issuer, known.subject)
    if (secret === undefined) return user?.defaultKey
    return key && user?.mayUse(key)
  } catch (error) {
    if (error instanceof Denied) return undefined
    throw error
  }
}
