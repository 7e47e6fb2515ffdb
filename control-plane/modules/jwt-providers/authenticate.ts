import { createSecretKey, type KeyObject } from 'node:crypto'
import type { EntityManager } from '@mikro-orm/postgresql'
import {
  type AccessToken,
  KeyUnknown,
  keyNamed,
  readAccessToken,
  tokenKeysOf,
  type UnverifiedToken,
  verifyAccessToken,
} from '../../../contract/access-token.ts'
import { TokenInvalid } from '../../../contract/compact-jws.ts'
import type { Actor } from '../../actor.ts'
import { openIssuerSecret } from '../../secrets/issuer-secrets.ts'
import type { Secrets } from '../../secrets/secrets.ts'
import type { ServiceContext } from '../../service-context.ts'
import { hasEnded } from '../../sessions/session-epochs.ts'
import { UserIdentityEntity } from '../identity-providers/index.ts'
import { readUserTerms } from '../mfa/index.ts'
import { actorOfUser } from '../sessions/index.ts'
import { UserEntity } from '../users/index.ts'
import { type JwtProvider, JwtProviderEntity } from './entity.ts'
import { hasFreshKeys } from './fetched-keys.ts'
import { askForUnknownKey } from './refresh.ts'
import { tokenIssuerOf } from './snapshot.ts'

export interface PresentedJwt {
  readonly token: string
  /** The organization that the request names. */
  readonly organization: string | null
  /** Where it comes from, behind trusted proxies. */
  readonly address: string
}

/**
 * Whoever a token of a JWT provider is about, as they are at this time and without any proof of MFA; undefined when it is
 * not believed, or they are inactive, unknown, or have no role.
 *
 * An issuer may be one of several organizations, and none of them has a say in what another believes: the request names the
 * one that it means, unless there is only one.
 *
 * @throws CredentialNotAccepted
 */
export async function authenticateJwt(
  context: ServiceContext,
  presented: PresentedJwt,
): Promise<Actor | undefined> {
  const { database } = context
  const { organization } = presented
  const all = await database.organizationIds()
  const organizationId = organization ?? (all.length === 1 ? all[0] : undefined)
  if (organizationId === undefined || !all.includes(organizationId)) return undefined
  const judge = () => database.transaction(organizationId, (em) => actorOf(context, em, presented))
  const first = await judge()
  if (!(first instanceof KeyMissing)) return first
  // Not within the transaction, which nobody is to keep open for as long as an issuer takes.
  if (!(await askForUnknownKey(context, first.provider))) return undefined
  const second = await judge()
  return second instanceof KeyMissing ? undefined : second
}

/** Nothing is known of whoever it is about: the provider's keys are not the one that it names. */
class KeyMissing {
  readonly provider: JwtProvider

  constructor(provider: JwtProvider) {
    this.provider = provider
  }
}

async function actorOf(
  { secrets, now, publicUrl }: ServiceContext,
  em: EntityManager,
  { token, address }: PresentedJwt,
): Promise<Actor | KeyMissing | undefined> {
  const verified = await verifiedToken(em, secrets, token, now())
  if (!verified || verified instanceof KeyMissing) return verified
  const { provider, subject, issuedAt } = verified
  const known = { providerId: provider.identityProviderId, subject, decommissionedAt: null }
  const identity = await em.findOne(UserIdentityEntity, known)
  const user = identity && (await em.findOne(UserEntity, { id: identity.userId }))
  if (!user) return undefined
  const { organizationId, identityProviderId: providerId } = provider
  const terms = await readUserTerms(em, { organizationId, userId: user.id, providerId })
  // Whoever was signed out everywhere is so with these tokens too.
  if (hasEnded({ createdAt: issuedAt }, terms.notBefore)) return undefined
  const used = { terms, session: null, publicUrl }
  return (await actorOfUser(em, user, now(), used, { address, session: null })).actor
}

async function verifiedToken(
  em: EntityManager,
  secrets: Secrets,
  token: string,
  now: number,
): Promise<(AccessToken & { readonly provider: JwtProvider }) | KeyMissing | undefined> {
  let provider: JwtProvider | null = null
  try {
    const unverified: UnverifiedToken = readAccessToken(token)
    const believed = { issuer: unverified.issuer, enabled: true, opensControlPlane: true }
    provider = await em.findOne(JwtProviderEntity, believed)
    if (!provider) return undefined
    const issuer = provider
    const keyOf = (kid: string | undefined) => verificationKey(secrets, issuer, kid, now)
    return { provider, ...(await verifyAccessToken(unverified, tokenIssuerOf(issuer), keyOf, now)) }
  } catch (error) {
    if (error instanceof KeyUnknown && provider) return new KeyMissing(provider)
    if (error instanceof TokenInvalid) return undefined
    throw error
  }
}

function verificationKey(
  secrets: Secrets,
  provider: JwtProvider,
  kid: string | undefined,
  now: number,
): KeyObject | undefined {
  const secret = openIssuerSecret(secrets, provider.organizationId, provider)
  if (secret !== undefined) return createSecretKey(secret, 'utf8')
  return hasFreshKeys(provider, now) ? keyNamed(tokenKeysOf(provider.keys), kid) : undefined
}
