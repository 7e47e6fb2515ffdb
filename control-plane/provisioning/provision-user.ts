import type { EntityManager } from '@mikro-orm/postgresql'
import { GraphQLError } from 'graphql'
import { allPermissions } from '../../contract/permissions.ts'
import { Actor } from '../actor.ts'
import { asOneRevision, recordChange, recordChanges } from '../change.ts'
import { Refusal } from '../graphql/errors.ts'
import { identityChange, signOutUsers } from '../modules/access-tokens/index.ts'
import {
  type IdentityProvider,
  type UserIdentity,
  UserIdentityEntity,
} from '../modules/identity-providers/index.ts'
import { systemRoleId } from '../modules/roles/index.ts'
import { UserEntity } from '../modules/users/index.ts'
import { joinTransaction, type ServiceContext } from '../service-context.ts'
import type { Claims } from '../sign-in/claims.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import type { SignedIn } from '../sign-in/relying-party.ts'
import { createClaimedUser } from './claimed-user.ts'
import { lock } from './lock.ts'
import { giveBusinessUnits } from './mapped-business-units.ts'
import { endRoles, keepRoles, mappedRole } from './mapped-role.ts'
import { keepTeams } from './mapped-teams.ts'

/** One transaction, in which is done what one provider says. */
export interface Provisioning {
  readonly context: ServiceContext
  readonly em: EntityManager
  /** The provider, who may do whatever its rules say. */
  readonly actor: Actor
  readonly provider: IdentityProvider
}

/** What the provider says of somebody. */
export type ToldPerson = Pick<SignedIn, 'subject' | 'claims'>

/** What it says of a user whom it is known for. */
export interface KnownPerson {
  readonly identity: UserIdentity
  readonly claims: Claims
}

export interface AdmittedPerson extends KnownPerson {
  readonly roleId: string
}

/**
 * Makes somebody who signed in the user that the provider's claims and rules say: creates them the first time, and gives
 * and takes away roles and teams that this provider gave. All of it or nothing, in one revision. [S0-04…S0-06]
 *
 * @returns the user's id
 * @throws SignInRefused `user_not_authorized`, `user_unknown`, `user_inactive`, `email_taken`, `provider_misconfigured`
 */
export async function provisionUser(
  context: ServiceContext,
  provider: IdentityProvider,
  person: ToldPerson,
): Promise<string> {
  return provisioned(context, provider, person, (provisioning) => admit(provisioning, person))
}

/**
 * Gives and takes away what the provider's claims say of somebody who signed in before, and nothing else: it is no
 * sign-in. Otherwise as {@link provisionUser}.
 *
 * @throws SignInRefused `user_not_authorized`, `user_unknown`, `user_inactive`
 */
export function reprovisionUser(
  context: ServiceContext,
  provider: IdentityProvider,
  person: ToldPerson,
  userId: string,
): Promise<void> {
  return provisioned(context, provider, person, async (provisioning) => {
    const { em } = provisioning
    const { subject, claims } = person
    const roleId = await mappedRole(provisioning, claims)
    const identity = await em.findOne(UserIdentityEntity, { providerId: provider.id, subject, userId })
    if (!identity) throw new SignInRefused('user_unknown', 'This user is no longer there')
    await requireActive(em, userId)
    if (roleId !== null) return keepAccess(provisioning, [{ identity, claims, roleId }])
    await endAccess(provisioning, [{ identity, claims }])
    return notAuthorized()
  })
}

/** One at a time for each person: of two first sign-ins at once, the later one finds the user that the earlier one became. */
async function provisioned<T>(
  context: ServiceContext,
  provider: IdentityProvider,
  { subject }: ToldPerson,
  work: (provisioning: Provisioning) => Promise<T | SignInRefused>,
): Promise<T> {
  const actor = providerActor(provider)
  const outcome = await context.database.transaction(provider.organizationId, (em) =>
    asOneRevision(em, actor, async () => {
      await lock(em, `${provider.id} ${subject}`)
      const joined = joinTransaction(context, em)
      return work({ context: joined, em, actor, provider }).catch(refuseWhatCannotBeDone)
    }),
  )
  // One that is returned, not thrown, has changed something, which stands.
  if (outcome.result instanceof SignInRefused) throw outcome.result
  return outcome.result
}

/** What a rule asks for was refused, which is nothing that whoever signs in can mend. @throws SignInRefused */
function refuseWhatCannotBeDone(error: unknown): never {
  if (!(error instanceof Refusal || error instanceof GraphQLError)) throw error
  throw new SignInRefused(
    'provider_misconfigured',
    'What this identity provider gives cannot be given: an administrator finds the reason in the log',
    { cause: error },
  )
}

async function admit(
  provisioning: Provisioning,
  { subject, claims }: ToldPerson,
): Promise<string | SignInRefused> {
  const { em, context, provider, actor } = provisioning
  const roleId = await mappedRole(provisioning, claims)
  const known = await em.findOne(UserIdentityEntity, { providerId: provider.id, subject })
  if (roleId === null) {
    if (known) await withdrawAccess(provisioning, [{ identity: known, claims }])
    return notAuthorized()
  }
  const identity = known ?? (await createClaimedUser(provisioning, { subject, claims }))
  const { userId } = identity
  await requireActive(em, userId)
  const at = new Date(context.now())
  identity.lastSignedInAt = at
  await keepAccess(provisioning, [{ identity, claims, roleId }])
  const entry = { type: 'user.signed_in', subject: { kind: 'user', id: userId }, details: { subject } }
  const change = known ? undefined : await identityChange(em, provider, [userId])
  await recordChange(context, em, actor, entry, change)
  return userId
}

/** Gives role, teams and business units, and takes back roles and teams that this provider gave besides. */
export async function keepAccess(
  provisioning: Provisioning,
  people: readonly AdmittedPerson[],
): Promise<void> {
  await keepTeams(provisioning, people)
  await giveBusinessUnits(provisioning, people)
  await keepRoles(provisioning, people)
  await provisioning.em.flush()
}

/** Whom the rules let in no more keeps nothing that they gave: API tokens that stand for them would go on using it. */
export async function withdrawAccess(
  provisioning: Provisioning,
  people: readonly KnownPerson[],
): Promise<void> {
  await keepTeams(provisioning, people)
  await endRoles(
    provisioning,
    people.map(({ identity }) => identity),
  )
  await provisioning.em.flush()
}

/** As {@link withdrawAccess}, and signs them out, with tokens too, in the same revision. */
export async function endAccess(provisioning: Provisioning, people: readonly KnownPerson[]): Promise<void> {
  const { context, em, actor } = provisioning
  if (people.length === 0) return
  // First, as everybody locks users before their identities.
  const userIds = people.map(({ identity }) => identity.userId)
  const told = await signOutUsers(em, actor.organizationId, userIds, new Date(context.now()))
  await recordChanges(context, em, actor, [], told)
  await withdrawAccess(provisioning, people)
}

function notAuthorized(): SignInRefused {
  return new SignInRefused(
    'user_not_authorized',
    'None of your groups or roles gives access here: ask an administrator for one that does',
  )
}

/** @throws SignInRefused `user_inactive` */
async function requireActive(em: EntityManager, userId: string): Promise<void> {
  const user = await em.findOne(UserEntity, { id: userId })
  if (!user?.active) throw new SignInRefused('user_inactive', 'This user is switched off')
}

/** Bounded by who wrote the rules: nobody maps a role that they do not have. */
export function providerActor({ organizationId, id, name }: IdentityProvider): Actor {
  return new Actor({
    ...{ kind: 'identity_provider', id, name, organizationId, roleId: systemRoleId('admin') },
    rights: { permissions: new Set(allPermissions), workspaceIds: null, rowScope: 'all' },
    assurance: null,
  })
}
