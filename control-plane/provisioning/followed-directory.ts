import type { EntityManager } from '@mikro-orm/postgresql'
import { recordChanges } from '../change.ts'
import { identityChange, signOutUsers } from '../modules/access-tokens/index.ts'
import {
  type IdentityProvider,
  type UserIdentity,
  UserIdentityEntity,
} from '../modules/identity-providers/index.ts'
import { syncTeams } from '../modules/memberships/sync.ts'
import { lockUsers, userSnapshot } from '../modules/users/index.ts'
import { makeClaimedUsers } from './claimed-user.ts'
import type { DirectoryDifference } from './directory-differences.ts'
import { readKnownElsewhere, readSwitchedOffByDirectories, readSwitchedOffByHand } from './known-elsewhere.ts'
import { lock } from './lock.ts'
import { giveBusinessUnits } from './mapped-business-units.ts'
import { endRoles, readRoleRanks, roleFor, tellsRole } from './mapped-role.ts'
import { keepTeams } from './mapped-teams.ts'
import {
  type AdmittedPerson,
  endAccess,
  type KnownPerson,
  keepAccess,
  type Provisioning,
  type ToldPerson,
} from './provision-user.ts'
import type { EndedAccess } from './session-end.ts'

/** What was done about some people. */
export interface Followed {
  readonly created: number
  readonly updated: number
  readonly decommissioned: number
  /** Whose sessions are over, and why. */
  readonly ended: readonly EndedAccess[]
  /** The subjects of those who cannot be users here: another user has their e-mail address. */
  readonly taken: readonly string[]
}

/**
 * Makes so what a directory says of some people, by the code that signing in uses. What has changed since it was read is
 * left as it is now.
 *
 * @throws Refusal, GraphQLError for what rules ask for and cannot be given; nobody is followed then
 */
export async function followDirectory(
  provisioning: Provisioning,
  differences: readonly DirectoryDifference[],
): Promise<Followed> {
  const { em, provider } = provisioning
  await lock(em, ...differences.map(({ subject }) => `${provider.id} ${subject}`))
  const identities = await lockIdentities(em, provider, differences)
  const people = differences.map((difference) => ({
    difference,
    identity: identities.get(difference.subject),
  }))
  const gone = people.flatMap(({ difference, identity }) =>
    difference.kind === 'decommission' && identity ? { identity, reason: difference.reason } : [],
  )
  const known = people.flatMap(({ difference, identity }) =>
    difference.kind === 'follow' && identity ? { identity, claims: difference.claims } : [],
  )
  const unknown = people.flatMap(({ difference, identity }) =>
    difference.kind === 'import' && !identity ? difference : [],
  )
  const decommissioned = await decommission(provisioning, await leaveOutSwitchedOff(provisioning, gone))
  const withdrawn = await follow(provisioning, known)
  const imported = await importPeople(provisioning, unknown)
  return {
    decommissioned: decommissioned.length,
    updated: known.length,
    ended: [...decommissioned, ...withdrawn],
    ...imported,
  }
}

/** Whoever is switched off by hand meanwhile is so before this or after it: users are locked first, as everybody does. */
async function lockIdentities(
  em: EntityManager,
  { id: providerId }: IdentityProvider,
  differences: readonly DirectoryDifference[],
): Promise<ReadonlyMap<string, UserIdentity>> {
  const subjects = differences.map(({ subject }) => subject)
  const ofSubjects = { providerId, subject: { $in: subjects } }
  const found = await em.find(UserIdentityEntity, ofSubjects)
  await lockUsers(
    em,
    found.map(({ userId }) => userId),
  )
  const identities = await em.find(UserIdentityEntity, ofSubjects, { refresh: true })
  return new Map(identities.map((identity) => [identity.subject, identity]))
}

interface GonePerson {
  readonly identity: UserIdentity
  readonly reason: 'directory_gone' | 'directory_inactive'
}

/** Whom somebody switched off by hand since the directory was held against them is theirs to switch on again, not its. */
async function leaveOutSwitchedOff(
  { em, provider }: Provisioning,
  people: readonly GonePerson[],
): Promise<readonly GonePerson[]> {
  const userIds = people.map(({ identity: { userId } }) => userId)
  const off = await readSwitchedOffByHand(em, provider, userIds)
  return people.filter(({ identity: { userId } }) => !off.has(userId))
}

/** Takes away everything that the provider gave, and switches the users off: data planes refuse all of their keys. [X0-08] */
async function decommission(
  provisioning: Provisioning,
  people: readonly GonePerson[],
): Promise<readonly EndedAccess[]> {
  const { context, em, actor } = provisioning
  const identities = people.map(({ identity }) => identity)
  await syncTeams(context, em, actor, 'idp', new Map(identities.map(({ userId }) => [userId, []])))
  await endRoles(provisioning, identities)
  for (const identity of identities) identity.decommissionedAt = new Date(context.now())
  const ended = people.map(({ identity: { userId }, reason }) => ({ userId, reason }))
  await setActive(provisioning, ended, false, 'user.decommissioned')
  return ended
}

/** @returns those whom the rules let in no more */
async function follow(
  provisioning: Provisioning,
  people: readonly KnownPerson[],
): Promise<readonly EndedAccess[]> {
  if (people.length === 0) return []
  const { em, provider } = provisioning
  const ranks = await readRoleRanks(em)
  const untold: KnownPerson[] = []
  const admitted: AdmittedPerson[] = []
  const withdrawn: KnownPerson[] = []
  for (const person of people) {
    const { claims } = person
    const roleId = tellsRole(provider, claims) ? roleFor(provider, claims, ranks) : undefined
    if (roleId === undefined) untold.push(person)
    else if (roleId === null) withdrawn.push(person)
    else admitted.push({ ...person, roleId })
  }
  await recommission(
    provisioning,
    [...untold, ...admitted].map(({ identity }) => identity),
  )
  await keepTeams(provisioning, untold)
  await giveBusinessUnits(provisioning, untold)
  await keepAccess(provisioning, admitted)
  await endAccess(provisioning, withdrawn)
  return withdrawn.map(({ identity: { userId } }) => ({ userId, reason: 'user_not_authorized' }))
}

/**
 * Whoever is back, and whom another provider's directory switched off: this one stands by them. A disabled one stands by
 * nobody.
 */
async function recommission(provisioning: Provisioning, identities: readonly UserIdentity[]): Promise<void> {
  const { em, provider } = provisioning
  if (!provider.enabled) return
  const userIds = identities.map(({ userId }) => userId)
  const off = await readSwitchedOffByDirectories(em, provider, userIds)
  const back = identities.filter(
    ({ decommissionedAt, userId }) => decommissionedAt !== null || off.has(userId),
  )
  for (const identity of back) identity.decommissionedAt = null
  const people = back.map(({ userId }) => ({ userId, reason: 'directory_active' }))
  await setActive(provisioning, people, true, 'user.recommissioned')
}

async function importPeople(
  provisioning: Provisioning,
  people: readonly ToldPerson[],
): Promise<Pick<Followed, 'created' | 'taken'>> {
  if (people.length === 0) return { created: 0, taken: [] }
  const { em, context, provider, actor } = provisioning
  const ranks = await readRoleRanks(em)
  const admitted = people.flatMap(({ subject, claims }) => {
    const roleId = roleFor(provider, claims, ranks)
    return roleId === null ? [] : { subject, claims, roleId }
  })
  const identities = new Map(
    (await makeClaimedUsers(provisioning, admitted)).map((identity) => [identity.subject, identity]),
  )
  await keepAccess(
    provisioning,
    admitted.flatMap(({ subject, claims, roleId }) => {
      const identity = identities.get(subject)
      return identity ? { identity, claims, roleId } : []
    }),
  )
  const entries = [...identities.values()].map(({ subject, userId: id }) => ({
    ...{ type: 'user.imported', subject: { kind: 'user', id }, details: { subject } },
  }))
  const made = [...identities.values()].map(({ userId }) => userId)
  await recordChanges(context, em, actor, entries, await identityChange(em, provider, made))
  const taken = admitted.map(({ subject }) => subject).filter((subject) => !identities.has(subject))
  return { created: identities.size, taken }
}

/**
 * Somebody who is known by another identity too, whose provider is enabled, stays what they are by that one. Who is to be
 * switched off is signed out even so.
 */
async function setActive(
  { context, em, actor, provider }: Provisioning,
  people: readonly { readonly userId: string; readonly reason: string }[],
  active: boolean,
  type: string,
): Promise<void> {
  await em.flush()
  const reasons = new Map(people.map(({ userId, reason }) => [userId, reason]))
  const userIds = [...reasons.keys()]
  if (userIds.length === 0) return
  const kept = active ? new Set<string>() : await readKnownElsewhere(em, provider, userIds)
  const users = await lockUsers(em, userIds)
  const changed = [...users.values()].filter(({ id }) => !kept.has(id))
  for (const user of changed) user.active = active
  const entries = [...reasons].map(([id, reason]) => ({
    ...{ type: kept.has(id) ? 'user.identity_decommissioned' : type, subject: { kind: 'user', id } },
    details: { name: users.get(id)?.name ?? '', reason },
  }))
  const named = active
    ? await identityChange(em, provider, userIds)
    : await signOutUsers(em, actor.organizationId, userIds, new Date(context.now()))
  const upserts = [...changed.map(userSnapshot), ...(named?.upserts ?? [])]
  await recordChanges(context, em, actor, entries, { ...named, upserts })
}
