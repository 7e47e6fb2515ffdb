import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange, recordChanges } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow, requireRow } from '../../db/require-row.ts'
import { InUse, NameTaken } from '../../graphql/refusals.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type OAuth2Settings, type ProviderKind, providerKinds } from '../../sign-in/provider-kinds.ts'
import type { RoleRule, RoleStrategy, TeamRule } from '../../sign-in/role-mapping.ts'
import { auditEscalation, RoleEntity, readRoleGraph, requireMayGive } from '../roles/index.ts'
import { requireMayPlace } from '../users/index.ts'
import { WorkspaceEntity } from '../workspaces/index.ts'
import { refuseAdministrators } from './anybodys-roles.ts'
import { type BusinessUnitRuleInput, requireNamed, toBusinessUnitRules } from './business-unit-rules.ts'
import { checkClientSecret, checkSettings, requireSameReceivers } from './checked-settings.ts'
import { refuseConfusedTokens } from './confused-tokens.ts'
import { describe } from './described-provider.ts'
import { type DisabledIssuers, disable } from './disabling.ts'
import { type IdentityProvider, IdentityProviderEntity } from './entity.ts'
import { IdentityProviderEnabled, IdentityProviderNotVerified } from './errors.ts'
import { changeMfaEvidence, type MfaEvidenceInput } from './mfa-evidence.ts'
import { clientSecretPlace } from './secret.ts'
import { requireMaySpeakFor, rolesOf } from './spoken-for.ts'

/** What of a provider can be changed later. What is left out stays, or is as its kind says. */
export interface ProviderChange {
  readonly clientId?: string | null | undefined
  readonly clientSecret?: string | null | undefined
  readonly scopes?: readonly string[] | null | undefined
  readonly hostedDomain?: string | null | undefined
  /** Of a provider without ID tokens, all of them at once. */
  readonly endpoints?: OAuth2Settings | null | undefined
  readonly trustedNetworks?: readonly string[] | null | undefined
  readonly createsUsers?: boolean | null | undefined
  readonly roleResolution?: RoleStrategy | null | undefined
  readonly roleRules?: readonly RoleRule[] | null | undefined
  /** Null: whoever matches no rule is refused. */
  readonly defaultRoleId?: string | null | undefined
  readonly teamRules?: readonly TeamRule[] | null | undefined
  /** Null: no group makes a team. */
  readonly teamWorkspaceId?: string | null | undefined
  readonly businessUnitRules?: readonly BusinessUnitRuleInput[] | null | undefined
  /** Null: as its kind says. */
  readonly mfaEvidence?: MfaEvidenceInput | null | undefined
}

export interface CreateIdentityProvider extends ProviderChange {
  readonly name: string
  readonly kind: ProviderKind
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

export interface UpdateIdentityProvider extends ProviderChange, ExpectedVersion {
  readonly id: string
}

/** Creates a provider at which nobody can sign in yet. @throws NameTaken, NotFound, RightsExceeded */
export function createIdentityProvider(
  context: ServiceContext,
  actor: Actor,
  input: CreateIdentityProvider,
): Promise<IdentityProvider> {
  actor.require('identity_providers:create', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    const id = newId('idp')
    const { organizationId } = actor
    const provider = em.create(IdentityProviderEntity, {
      ...{ id, organizationId, name: input.name, kind: input.kind },
      ...{ issuer: input.issuer, clientId: input.clientId, sealedClientSecret: '' },
      scopes: [...providerKinds[input.kind].defaultScopes],
      ...{
        endpoints: null,
        hostedDomain: null,
        trustedNetworks: [],
        enabled: false,
        verifiedAt: null,
        createsUsers: true,
      },
      ...{ roleResolution: 'highest_privilege', roleRules: [], defaultRoleId: null },
      ...{
        teamRules: [],
        teamWorkspaceId: null,
        businessUnitRules: [],
        directory: null,
        sealedDirectorySecret: null,
      },
      ...{ mfaEvidence: null, keysFlushedAt: null, createdAt: new Date(context.now()) },
    })
    await change(context, em, actor, provider, input)
    await recordChange(context, em, actor, describe('identity_provider.created', provider))
    return provider
  })
  return refuseViolations(nameTaken(input.name), auditEscalation(context, actor, subjectOf(actor), work))
}

/**
 * Changes a provider. What decides how it is asked has to be verified anew, and disables it and its JWT providers until then. The
 * issuer stays: another one would speak for the people of the first.
 *
 * @throws NotFound, StaleUpdate, RightsExceeded
 */
export function updateIdentityProvider(
  context: ServiceContext,
  actor: Actor,
  input: UpdateIdentityProvider,
): Promise<IdentityProvider> {
  actor.require('identity_providers:update', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    const provider = await lockProvider(em, input.id, input)
    const before = askedBy(provider)
    await change(context, em, actor, provider, input)
    const isAskedOtherwise = askedBy(provider) !== before
    if (isAskedOtherwise) provider.verifiedAt = null
    const issuers = isAskedOtherwise ? await disable(em, provider) : undefined
    await recordUpdate(context, em, actor, provider, issuers)
    return provider
  })
  return auditEscalation(context, actor, { kind: 'identity_provider', id: input.id }, work)
}

/**
 * Has every control plane ask the provider for its keys anew: each of them reads the provider's row before it believes a
 * token, and keeps nothing of an earlier version of it.
 *
 * @throws NotFound
 */
export function flushIdentityProviderKeys(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<IdentityProvider> {
  actor.require('identity_providers:update', organizationWide)
  return transactionOf(context, actor, async (em) => {
    const provider = await lockProvider(em, id)
    provider.keysFlushedAt = new Date(context.now())
    await recordChange(context, em, actor, describe('identity_provider.keys_flushed', provider))
    return provider
  })
}

/**
 * Whoever is signed in stays so until their session is checked. Disabling it disables its JWT providers; enabling it
 * enables none.
 *
 * @throws NotFound, StaleUpdate, IdentityProviderNotVerified
 */
export function setIdentityProviderEnabled(
  context: ServiceContext,
  actor: Actor,
  { id, enabled, ...expected }: ExpectedVersion & { readonly id: string; readonly enabled: boolean },
): Promise<IdentityProvider> {
  actor.require('identity_providers:update', organizationWide)
  return transactionOf(context, actor, async (em) => {
    const provider = await lockProvider(em, id, expected)
    if (enabled && provider.verifiedAt === null) throw new IdentityProviderNotVerified(provider.name)
    provider.enabled = enabled
    await recordUpdate(context, em, actor, provider, enabled ? undefined : await disable(em, provider))
    return provider
  })
}

/** @throws NotFound, IdentityProviderEnabled, InUse */
export function deleteIdentityProvider(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ id: string }> {
  actor.require('identity_providers:delete', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    const provider = await lockProvider(em, id)
    if (provider.enabled) throw new IdentityProviderEnabled(provider.name)
    em.remove(provider)
    await recordChange(context, em, actor, describe('identity_provider.deleted', provider))
    return { id }
  })
  return refuseViolations(
    { referenced: () => new InUse('identity provider', 'users who signed in at it, or JWT providers') },
    work,
  )
}

const organizationWide = { workspaceId: null }

export const lockProvider = (em: EntityManager, id: string, expected?: ExpectedVersion) =>
  lockRow(em, IdentityProviderEntity, 'identity provider', id, expected)

function recordUpdate(
  context: ServiceContext,
  em: EntityManager,
  actor: Actor,
  provider: IdentityProvider,
  issuers?: DisabledIssuers,
): Promise<void> {
  const entries = [describe('identity_provider.updated', provider), ...(issuers?.entries ?? [])]
  return recordChanges(context, em, actor, entries, issuers?.change)
}

/**
 * Whoever says how people are known and what they get by it gives them every role that the provider may give, be it by a
 * rule that somebody else wrote. Whoever says where it is asked who somebody is, speaks for all who are known by it.
 *
 * @throws BadUserInput, NotFound, RightsExceeded
 */
async function change(
  { secrets }: ServiceContext,
  em: EntityManager,
  actor: Actor,
  provider: IdentityProvider,
  input: ProviderChange,
): Promise<void> {
  const { clientSecret, hostedDomain, defaultRoleId, teamWorkspaceId, businessUnitRules } = input
  provider.clientId = input.clientId ?? provider.clientId
  provider.scopes = [...(input.scopes ?? provider.scopes)]
  if (hostedDomain !== undefined) provider.hostedDomain = hostedDomain
  if (input.endpoints != null) {
    if (clientSecret == null) requireSameReceivers(provider.endpoints, input.endpoints)
    provider.endpoints = { ...input.endpoints }
  }
  provider.trustedNetworks = [...(input.trustedNetworks ?? provider.trustedNetworks)]
  provider.createsUsers = input.createsUsers ?? provider.createsUsers
  provider.roleResolution = input.roleResolution ?? provider.roleResolution
  provider.roleRules = [...(input.roleRules ?? provider.roleRules)]
  if (defaultRoleId !== undefined) provider.defaultRoleId = defaultRoleId
  provider.teamRules = [...(input.teamRules ?? provider.teamRules)]
  if (teamWorkspaceId !== undefined) provider.teamWorkspaceId = teamWorkspaceId
  if (businessUnitRules != null) provider.businessUnitRules = toBusinessUnitRules(businessUnitRules)
  if (input.mfaEvidence !== undefined) changeMfaEvidence(actor, provider, input.mfaEvidence)
  checkSettings(provider)
  await refuseConfusedTokens(em, provider)
  if (clientSecret != null) {
    const place = clientSecretPlace(provider)
    provider.sealedClientSecret = secrets.sealValue(place, checkClientSecret(clientSecret))
  }
  const named = { roleRules: [...(input.roleRules ?? [])], defaultRoleId: defaultRoleId ?? null }
  for (const roleId of rolesOf(named)) await requireRow(em, RoleEntity, 'role', roleId)
  refuseAdministrators(provider, await readRoleGraph(em))
  if (input.endpoints != null) await requireMaySpeakFor(em, actor, provider)
  else await requireMayGive(em, actor, rolesOf(provider))
  if (provider.createsUsers) actor.require('users:create', organizationWide)
  if (provider.teamRules.length > 0 || provider.businessUnitRules.length > 0) requireMayPlace(actor)
  if (teamWorkspaceId != null) await requireRow(em, WorkspaceEntity, 'workspace', teamWorkspaceId)
  if (businessUnitRules != null) await requireNamed(em, provider.businessUnitRules)
}

/** Of a provider's settings, those that decide how it is asked. */
function askedBy(provider: IdentityProvider): string {
  const { clientId, sealedClientSecret, scopes, hostedDomain, endpoints, trustedNetworks } = provider
  return JSON.stringify([clientId, sealedClientSecret, scopes, hostedDomain, endpoints, trustedNetworks])
}

const nameTaken = (name: string) => ({
  unique: { identity_providers_name_key: () => new NameTaken('identity provider', name) },
})

const subjectOf = ({ kind, id }: Actor) => ({ kind, id })
