import type { EntityManager } from '@mikro-orm/postgresql'
import { canonicalJson } from '../../../contract/canonical.ts'
import type { VerificationKey } from '../../../contract/configuration/tokens.ts'
import { NetworkRefused } from '../../../contract/networks.ts'
import { systemActor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import type { Clock } from '../../service-context.ts'
import { KeysUnusable, keySetBytes } from '../../sign-in/jwks.ts'
import { OutboundRefused, outboundFetch } from '../../sign-in/outbound.ts'
import type { JwtProvider } from './entity.ts'
import { keysFor } from './key-source.ts'
import { issuerChange } from './snapshot.ts'

/** How long keys that cannot be fetched anew are believed: whoever cuts us off must not keep a withdrawn key alive. */
const mostStaleMs = 24 * 3_600_000
const longestProblem = 512

/** What came of asking for keys. */
export interface Fetched {
  /** Null: none that can be used. */
  readonly keys: readonly VerificationKey[] | null
  readonly problem: string | null
}

/** Whether it has keys, and none of them is one that its issuer may have withdrawn long ago. */
export function hasFreshKeys({ keys, jwksUrl, keysFetchedAt }: JwtProvider, now: number): boolean {
  if (keys.length === 0) return false
  return jwksUrl === null || (keysFetchedAt !== null && now - keysFetchedAt.getTime() < mostStaleMs)
}

/** Asks the issuer for its keys, by the rules for what an administrator of a tenant named. */
export async function fetchKeys({
  jwksUrl,
  trustedNetworks,
  algorithm,
}: Pick<JwtProvider, 'jwksUrl' | 'trustedNetworks' | 'algorithm'>): Promise<Fetched> {
  try {
    const ask = outboundFetch({ trustedNetworks })
    const headers = { accept: 'application/jwk-set+json, application/json' }
    const answer = await ask(jwksUrl ?? '', { headers, mostBytes: keySetBytes })
    if (answer.status !== 200) throw new KeysUnusable(`The issuer answered ${answer.status}, not 200`)
    const { keys, refused } = keysFor(algorithm, await documentOf(answer))
    return { keys, problem: shown(refused.join('. ')) }
  } catch (error) {
    return { keys: null, problem: problemOf(error) }
  }
}

async function documentOf(answer: Response): Promise<unknown> {
  try {
    return await answer.json()
  } catch {
    throw new KeysUnusable('The issuer’s answer is no JSON')
  }
}

/** What the network says is for the log of its owner; what we say is for the administrator. */
function problemOf(error: unknown): string {
  const isOurs = error instanceof KeysUnusable || error instanceof OutboundRefused
  if (isOurs || error instanceof NetworkRefused) return shown(error.message) ?? ''
  return 'The issuer could not be reached, or did not answer in time'
}

function shown(text: string): string | null {
  return text === '' ? null : text.slice(0, longestProblem)
}

/**
 * Keeps what was fetched, and tells data planes of keys that are others. Keys that could not be fetched for a day are
 * believed no more.
 *
 * @param provider Locked, and as it was when it was asked.
 */
export async function keepFetched(
  clock: Clock,
  em: EntityManager,
  provider: JwtProvider,
  { keys: found, problem }: Fetched,
): Promise<JwtProvider> {
  const now = clock.now()
  const keysFetchedAt = found ? new Date(now) : provider.keysFetchedAt
  const kept = hasFreshKeys({ ...provider, keysFetchedAt }, now) ? provider.keys : []
  const keys = found ? [...found] : kept
  const { organizationId, id } = provider
  // Not by the ORM, which would raise the version under whoever is about to change a setting.
  await em.execute(
    `update jwt_providers set keys = ?::jsonb, keys_fetched_at = ?, keys_asked_at = ?, keys_problem = ?
     where org_id = ? and id = ?`,
    [JSON.stringify(keys), keysFetchedAt, new Date(now), problem, organizationId, id],
  )
  const present = { ...provider, keys, keysFetchedAt, keysAskedAt: new Date(now), keysProblem: problem }
  if (canonicalJson(keys) === canonicalJson(provider.keys)) return present
  const details = {
    ...{ name: provider.name, keyIds: keys.map(({ kid }) => kid ?? null), problem },
    formerKeyIds: provider.keys.map(({ kid }) => kid ?? null),
  }
  const entry = { type: 'jwt_provider.keys_changed', subject: { kind: 'jwt_provider', id }, details }
  const change = provider.enabled ? await issuerChange(em, present) : undefined
  await recordChange(clock, em, systemActor(organizationId), entry, change)
  return present
}
