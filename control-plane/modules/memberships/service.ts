import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { lockRow, requireRow } from '../../db/require-row.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { type Clock, type ServiceContext, transactionOf } from '../../service-context.ts'
import { holderChange } from '../access-tokens/index.ts'
import { BusinessUnitEntity } from '../business-units/index.ts'
import { TeamEntity } from '../teams/index.ts'
import { requireMayPlace, UserEntity } from '../users/index.ts'
import { type GivenSource, type Membership, MembershipEntity, type MembershipSource } from './entity.ts'
import { MembershipManaged } from './errors.ts'

/** Who, and of which team or which business unit. */
export type MemberInput = { readonly userId: string } & (
  | { readonly teamId: string; readonly businessUnitId?: undefined }
  | { readonly businessUnitId: string; readonly teamId?: undefined }
)

/** Why nobody can end by hand what was not said by hand. */
const reasons: Readonly<Record<Exclude<MembershipSource, 'manual'>, string>> = {
  home: 'their calls are charged to the team: change the team of the user',
  idp: 'the identity provider says so: change their groups there',
  scim: 'the directory says so: change their groups there',
}

/**
 * Adds a user to a team or a business unit by hand; one who has been added already stays as they are.
 *
 * @throws NotFound
 */
export function addMember(context: ServiceContext, actor: Actor, input: MemberInput): Promise<Membership> {
  requireMayPlace(actor)
  return transactionOf(context, actor, (em) => addMembership(context, em, actor, input, 'manual'))
}

/**
 * Ends what was added by hand. Whoever is a member for another reason too remains one.
 *
 * @throws NotFound, MembershipManaged
 */
export function removeMember(
  context: ServiceContext,
  actor: Actor,
  input: MemberInput,
): Promise<{ id: string }> {
  requireMayPlace(actor)
  return transactionOf(context, actor, async (em) => {
    await requirePlaces(em, input)
    const present = await em.find(MembershipEntity, columnsOf(input))
    const manual = present.find(({ source }) => source === 'manual')
    if (manual) return endMembership(context, em, actor, manual)
    const [other] = present.flatMap(({ source }) => (source === 'manual' ? [] : source))
    if (other) throw new MembershipManaged(input.userId, reasons[other])
    throw new NotFound('member', input.userId)
  })
}

/** In the caller's transaction, for whichever source. @throws NotFound */
export async function addMembership(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  input: MemberInput,
  source: GivenSource,
): Promise<Membership> {
  const { workspaceId } = await requirePlaces(em, input)
  const present = await em.findOne(MembershipEntity, { ...columnsOf(input), source })
  if (present) return present
  const membership = em.create(MembershipEntity, {
    id: newId('mb'),
    organizationId: actor.organizationId,
    workspaceId,
    ...columnsOf(input),
    source,
    createdAt: new Date(clock.now()),
  })
  await recordMembership(clock, em, actor, 'member_added', membership)
  return membership
}

/** In the caller's transaction. */
export async function endMembership(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  membership: Membership,
): Promise<{ id: string }> {
  em.remove(membership)
  await recordMembership(clock, em, actor, 'member_removed', membership)
  return { id: membership.id }
}

/** Data planes are told whose keys a user may name beside a token of theirs. */
async function recordMembership(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  event: string,
  membership: Membership,
): Promise<void> {
  const { userId, teamId } = membership
  const change = teamId === null ? undefined : await holderChange(em, actor.organizationId, userId)
  await recordChange(clock, em, actor, describe(event, membership), change)
}

/** Locks the user, so that of two who add them at once the later one finds what the earlier one did. */
async function requirePlaces(em: EntityManager, { userId, teamId, businessUnitId }: MemberInput) {
  await lockRow(em, UserEntity, 'user', userId)
  return teamId === undefined
    ? requireRow(em, BusinessUnitEntity, 'business unit', businessUnitId)
    : requireRow(em, TeamEntity, 'team', teamId)
}

function columnsOf({ userId, teamId, businessUnitId }: MemberInput) {
  return { userId, teamId: teamId ?? null, businessUnitId: businessUnitId ?? null }
}

function describe(
  what: string,
  { id: membershipId, workspaceId, userId, teamId, businessUnitId, source }: Membership,
) {
  const kind = teamId === null ? 'business_unit' : 'team'
  const subject = { kind, id: teamId ?? businessUnitId ?? '' }
  return { type: `${kind}.${what}`, subject, workspaceId, details: { userId, source, membershipId } }
}
