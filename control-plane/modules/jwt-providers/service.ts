import type { EntityManager } from '@mikro-orm/postgresql'
import { keyOf } from '../../../contract/configuration/entities.ts'
import type { TokenAlgorithm } from '../../../contract/configuration/tokens.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NameTaken } from '../../graphql/refusals.ts'
import { sealIssuerSecret } from '../../secrets/issuer-secrets.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { providerKinds } from '../../sign-in/provider-kinds.ts'
import { holdersChange } from '../access-tokens/index.ts'
import { IdentityProviderEntity, requireMaySpeakFor } from '../identity-providers/index.ts'
import { auditEscalation } from '../roles/index.ts'
import { checkedSettings, checkIssuer } from './checked-settings.ts'
import { type JwtProvider, JwtProviderEntity, type RequiredClaim } from './entity.ts'
import { IssuerTaken, JwtProviderHasNoKeys } from './errors.ts'
import { hasFreshKeys } from './fetched-keys.ts'
import { refuseConfusion } from './issuer-confusion.ts'
import { type CheckedKeySource, checkedKeySource, type KeySource, needOf } from './key-source.ts'
import { issuerChange, tokenIssuerOf } from './snapshot.ts'

/** What of a provider can be changed later. What is left out stays, or is as it usually is. */
export interface JwtProviderChange extends KeySource {
  readonly name?: string | null | undefined
  readonly audiences?: readonly string[] | null | undefined
  /** Null: the usual ones. */
  readonly tokenTypes?: readonly string[] | null | undefined
  readonly requiredClaims?: readonly RequiredClaim[] | null | undefined
  readonly subjectClaim?: string | null | undefined
  readonly maxAgeSeconds?: number | null | undefined
  readonly opensControlPlane?: boolean | null | undefined
  readonly trustedNetworks?: readonly string[] | null | undefined
}

export interface CreateJwtProvider extends JwtProviderChange {
  readonly name: string
  readonly issuer: string
  readonly identityProviderId: string
  readonly audiences: readonly string[]
  readonly algorithm: TokenAlgorithm
}

export interface UpdateJwtProvider extends JwtProviderChange, ExpectedVersion {
  readonly id: string
}

const usualMaxAgeSeconds = 3_600

/**
 * Creates a provider whose tokens nobody believes yet.
 *
 * @throws NotFound, NameTaken, IssuerTaken, RightsExceeded, BadUserInput
 */
export function createJwtProvider(
  context: ServiceContext,
  actor: Actor,
  input: CreateJwtProvider,
): Promise<JwtProvider> {
  actor.require('identity_providers:create', organizationWide)
  const issuer = checkIssuer(input.issuer)
  const { algorithm, identityProviderId } = input
  const source = checkedKeySource(algorithm, input)
  if (!source) throw new BadUserInput(missingSource(algorithm), `is needed: ${needOf(algorithm)}`)
  const work = transactionOf(context, actor, async (em) => {
    // Locked: whoever is linked to it at this moment is told to data planes by one of the two.
    const named = await lockRow(em, IdentityProviderEntity, 'identity provider', identityProviderId)
    await requireMaySpeakFor(em, actor, named)
    const usual = { ...unset, subjectClaim: providerKinds[named.kind].subjectClaim }
    const provider = em.create(JwtProviderEntity, {
      ...{ id: newId('jwt'), organizationId: actor.organizationId, issuer, identityProviderId, algorithm },
      ...settingsAfter({ ...usual, name: input.name, audiences: [...input.audiences] }, input),
      ...{ enabled: false, ...noKeys, ...noSecret, createdAt: new Date(context.now()) },
    })
    await refuseConfusion(em, provider)
    keep(context, provider, source)
    await em.flush()
    const change = await holdersChange(em, actor.organizationId, identityProviderId)
    await recordChange(context, em, actor, describe('jwt_provider.created', provider), change)
    return provider
  })
  const subject = { kind: 'identity_provider', id: identityProviderId }
  return refuseViolations(taken(input.name, issuer), auditEscalation(context, actor, subject, work))
}

/**
 * Changes a provider. Issuer, identity provider and algorithm stay: with another one it would be another provider.
 *
 * @throws NotFound, NameTaken, StaleUpdate, RightsExceeded, BadUserInput
 */
export function updateJwtProvider(
  context: ServiceContext,
  actor: Actor,
  input: UpdateJwtProvider,
): Promise<JwtProvider> {
  actor.require('identity_providers:update', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    const provider = await lockSpokenFor(em, actor, input.id, input)
    Object.assign(provider, settingsAfter(provider, input))
    await refuseConfusion(em, provider)
    const source = checkedKeySource(provider.algorithm, input)
    if (source) keep(context, provider, source)
    const change = await issuerChange(em, provider)
    await recordChange(context, em, actor, describe('jwt_provider.updated', provider), change)
    return provider
  })
  const refusals = taken(input.name ?? '', '')
  return refuseViolations(refusals, auditEscalation(context, actor, subjectOf(input.id), work))
}

/** @throws NotFound, StaleUpdate, JwtProviderHasNoKeys, RightsExceeded */
export function setJwtProviderEnabled(
  context: ServiceContext,
  actor: Actor,
  { id, enabled, ...expected }: ExpectedVersion & { readonly id: string; readonly enabled: boolean },
): Promise<JwtProvider> {
  actor.require('identity_providers:update', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    const provider = enabled
      ? await lockSpokenFor(em, actor, id, expected)
      : await lockJwtProvider(em, id, expected)
    if (enabled && provider.secretId === null && !hasFreshKeys(provider, context.now()))
      throw new JwtProviderHasNoKeys(provider.name)
    provider.enabled = enabled
    const change = await issuerChange(em, provider)
    await recordChange(context, em, actor, describe('jwt_provider.updated', provider), change)
    return provider
  })
  return auditEscalation(context, actor, subjectOf(id), work)
}

/** From then on nobody believes its tokens. @throws NotFound */
export function deleteJwtProvider(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ id: string }> {
  actor.require('identity_providers:delete', organizationWide)
  return transactionOf(context, actor, async (em) => {
    const provider = await lockJwtProvider(em, id)
    em.remove(provider)
    await em.flush()
    const holders = await holdersChange(em, actor.organizationId, provider.identityProviderId)
    await recordChange(context, em, actor, describe('jwt_provider.deleted', provider), {
      ...holders,
      removals: [...(holders.removals ?? []), keyOf(tokenIssuerOf(provider))],
    })
    return { id }
  })
}

const organizationWide = { workspaceId: null }

export const lockJwtProvider = (em: EntityManager, id: string, expected?: ExpectedVersion) =>
  lockRow(em, JwtProviderEntity, 'JWT provider', id, expected)

async function lockSpokenFor(
  em: EntityManager,
  actor: Actor,
  id: string,
  expected: ExpectedVersion,
): Promise<JwtProvider> {
  const provider = await lockJwtProvider(em, id, expected)
  const named = await em.findOneOrFail(IdentityProviderEntity, { id: provider.identityProviderId })
  await requireMaySpeakFor(em, actor, named)
  return provider
}

const unset = {
  ...{ tokenTypes: null, requiredClaims: [], maxAgeSeconds: usualMaxAgeSeconds },
  ...{ opensControlPlane: false, trustedNetworks: [] },
}
const noKeys = { jwksUrl: null, keys: [], keysFetchedAt: null, keysAskedAt: null, keysProblem: null }
const noSecret = { secretId: null, sealedSecret: null, secretExposedAt: null }

function settingsAfter(present: Parameters<typeof checkedSettings>[0], input: JwtProviderChange) {
  const { tokenTypes } = input
  return checkedSettings({
    name: input.name ?? present.name,
    audiences: input.audiences ?? present.audiences,
    tokenTypes: tokenTypes === undefined ? present.tokenTypes : tokenTypes,
    requiredClaims: input.requiredClaims ?? present.requiredClaims,
    subjectClaim: input.subjectClaim ?? present.subjectClaim,
    maxAgeSeconds: input.maxAgeSeconds ?? present.maxAgeSeconds,
    opensControlPlane: input.opensControlPlane ?? present.opensControlPlane,
    trustedNetworks: input.trustedNetworks ?? present.trustedNetworks,
  })
}

/** What was known by another source is known no more: a URL is asked within seconds. */
function keep({ secrets }: ServiceContext, provider: JwtProvider, source: CheckedKeySource): void {
  if (source.by === 'secret')
    Object.assign(provider, sealIssuerSecret(secrets, provider.organizationId, source.secret))
  else if (source.by === 'keys') Object.assign(provider, { ...noKeys, keys: source.keys })
  else if (source.jwksUrl !== provider.jwksUrl)
    Object.assign(provider, { ...noKeys, jwksUrl: source.jwksUrl })
}

function missingSource(algorithm: TokenAlgorithm): string {
  return algorithm === 'HS256' ? 'secret' : 'jwksUrl'
}

const taken = (name: string, issuer: string) => ({
  unique: {
    jwt_providers_name_key: () => new NameTaken('JWT provider', name),
    jwt_providers_issuer_key: () => new IssuerTaken(issuer),
  },
})

const subjectOf = (id: string) => ({ kind: 'jwt_provider', id })

export function describe(type: string, provider: JwtProvider) {
  const { id, name, issuer, identityProviderId, audiences, algorithm, tokenTypes, subjectClaim } = provider
  const { maxAgeSeconds, opensControlPlane, enabled, jwksUrl, trustedNetworks, keys, secretId } = provider
  const details = {
    ...{ name, issuer, identityProviderId, audiences: [...audiences], algorithm, subjectClaim },
    tokenTypes: tokenTypes && [...tokenTypes],
    requiredClaims: provider.requiredClaims.map(({ claim, value }) => ({ claim, value })),
    ...{
      maxAgeSeconds,
      opensControlPlane,
      enabled,
      jwksUrl,
      trustedNetworks: [...trustedNetworks],
      secretId,
    },
    keyIds: keys.map(({ kid }) => kid ?? null),
  }
  return { type, subject: subjectOf(id), details }
}
