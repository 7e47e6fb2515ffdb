import type { EntityManager } from '@mikro-orm/postgresql'
import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { recordChange, recordChanges } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow, requireRow } from '../../db/require-row.ts'
import { IdpManaged } from '../../graphql/errors.ts'
import { InUse, NameTaken } from '../../graphql/refusals.ts'
import { checkEmail, checkName } from '../../input.ts'
import { deleteOwnedPolicies } from '../../owned-policies.ts'
import { type Clock, type ServiceContext, transactionOf } from '../../service-context.ts'
import { signOutDeleted, signOutUsers } from '../access-tokens/index.ts'
import { TeamEntity } from '../teams/index.ts'
import { openAccess } from './access.ts'
import { type User, UserEntity } from './entity.ts'
import { requireMayPlace } from './placing.ts'
import { userSnapshot } from './snapshot.ts'
import { leaveSwitchedOff } from './switched-off.ts'

export interface CreateUser {
  readonly name: string
  readonly email?: string | null | undefined
  readonly teamId?: string | null | undefined
}

export interface UpdateUser extends ExpectedVersion {
  readonly id: string
  readonly name?: string | null | undefined
  readonly email?: string | null | undefined
  /** Null takes the user out of the team. */
  readonly teamId?: string | null | undefined
  readonly active?: boolean | null | undefined
}

/** By hand: with an enabled identity provider users come from there alone. [S1-05] @throws NotFound, NameTaken, IdpManaged */
export function createUser(context: ServiceContext, actor: Actor, input: CreateUser): Promise<User> {
  actor.require('users:create', organizationWide)
  const email = input.email == null ? null : checkEmail('email', input.email)
  const work = transactionOf(context, actor, async (em) => {
    await requireUsersByHand(em)
    const team = input.teamId == null ? null : await requireRow(em, TeamEntity, 'team', input.teamId)
    const user = addUser(context, em, actor, { ...input, teamId: team?.id })
    await recordUsers(context, em, actor, [user])
    return user
  })
  return refuseViolations(emailTaken(email), work)
}

/** In the caller's transaction, which records them. @throws BadUserInput */
export function addUser(clock: Clock, em: EntityManager, actor: Actor, input: CreateUser): User {
  return em.create(UserEntity, {
    id: newId('usr'),
    organizationId: actor.organizationId,
    teamId: input.teamId ?? null,
    name: checkName('name', input.name),
    email: input.email == null ? null : checkEmail('email', input.email),
    active: true,
    ...openAccess,
    createdAt: new Date(clock.now()),
  })
}

/** Completes what {@link addUser} did. */
export function recordUsers(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  users: readonly User[],
): Promise<void> {
  const entries = users.map((user) => describe('user.created', user))
  return recordChanges(clock, em, actor, entries, { upserts: users.map(userSnapshot) })
}

/** @throws NotFound, NameTaken */
export function updateUser(context: ServiceContext, actor: Actor, input: UpdateUser): Promise<User> {
  actor.require('users:update', organizationWide)
  if (input.teamId !== undefined) requireMayPlace(actor)
  const name = input.name == null ? undefined : checkName('name', input.name)
  const email = input.email == null ? input.email : checkEmail('email', input.email)
  const work = transactionOf(context, actor, async (em) => {
    const user = await lockRow(em, UserEntity, 'user', input.id, input)
    if (input.teamId != null) await requireRow(em, TeamEntity, 'team', input.teamId)
    if (input.teamId !== undefined) user.teamId = input.teamId
    if (name !== undefined) user.name = name
    if (email !== undefined) user.email = email
    if (input.active != null) user.active = input.active
    // Whoever is switched on again later signs in again.
    const leaving = input.active === false ? [user.id] : []
    await leaveSwitchedOff(em, actor.organizationId, leaving)
    const told = await signOutUsers(em, actor.organizationId, leaving, new Date(context.now()))
    const upserts = [userSnapshot(user), ...told.upserts]
    await recordChange(context, em, actor, describe('user.updated', user), { ...told, upserts })
    return user
  })
  return refuseViolations(emailTaken(email ?? null), work)
}

/** @throws NotFound, InUse */
export function deleteUser(context: ServiceContext, actor: Actor, id: string): Promise<{ id: string }> {
  actor.require('users:delete', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    const user = await lockRow(em, UserEntity, 'user', id)
    const policies = await deleteOwnedPolicies(em, actor.organizationId, [{ kind: 'user', id }])
    const holder = await signOutDeleted(em, actor.organizationId, [id], new Date(context.now()))
    em.remove(user)
    await recordChange(context, em, actor, describe('user.deleted', user), {
      upserts: [],
      removals: [...policies, ...holder, keyOf(userSnapshot(user))],
    })
    return { id }
  })
  return refuseViolations({ referenced: () => new InUse('user', 'virtual keys') }, work)
}

/** @throws IdpManaged */
async function requireUsersByHand(em: EntityManager): Promise<void> {
  const [provider] = await em.execute<{ name: string }[]>(
    'select name from identity_providers where enabled order by name limit 1',
  )
  if (provider) throw new IdpManaged(provider.name)
}

/** A user belongs to the organization, not to a workspace. */
const organizationWide = { workspaceId: null }

const emailTaken = (email: string | null) => ({
  unique: { users_email_key: () => new NameTaken('user', email ?? '') },
})

function describe(type: string, { id, name, teamId, active }: User) {
  return { type, subject: { kind: 'user', id }, details: { name, teamId, active } }
}
