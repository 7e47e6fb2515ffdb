import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChanges } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { lockRow, requireRow } from '../../db/require-row.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { type Clock, type ServiceContext, transactionOf } from '../../service-context.ts'
import { holderChange } from '../access-tokens/index.ts'
import { BusinessUnitEntity } from '../business-units/index.ts'
import { TeamEntity } from '../teams/index.ts'
import { requireMayPlace, UserEntity } from '../users/index.ts'
import { type Membership, MembershipEntity, type MembershipSource } from './entity.ts'
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
  return transactionOf(context, actor, async (em) => {
    const { workspaceId } = await requirePlaces(em, input)
    const columns = { ...columnsOf(input), source: 'manual' } as const
    const present = await em.findOne(MembershipEntity, columns)
    if (present) return present
    const membership = createMembership(context, em, actor, { ...columns, workspaceId })
    await recordMemberships(context, em, actor, { added: [membership] })
    return membership
  })
}

/**
 * Ends what was added by hand; of a business unit, where nothing was, what claims gave: they take nothing back themselves.
 * Whoever is a member for another reason too remains one.
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
    const ended =
      present.find(({ source }) => source === 'manual') ??
      present.find(({ source, businessUnitId }) => source === 'idp' && businessUnitId !== null)
    if (ended) {
      await recordMemberships(context, em, actor, { ended: [ended] })
      return { id: ended.id }
    }
    const [other] = present.flatMap(({ source }) => (source === 'manual' ? [] : source))
    if (other) throw new MembershipManaged(input.userId, reasons[other])
    throw new NotFound('member', input.userId)
  })
}

/** For whichever source, in the caller's transaction, which records it. */
export function createMembership(
  clock: Clock,
  em: EntityManager,
  { organizationId }: Actor,
  { teamId = null, businessUnitId = null, ...fields }: NewMembership,
): Membership {
  const createdAt = new Date(clock.now())
  return em.create(MembershipEntity, {
    ...{ id: newId('mb'), organizationId, ...fields, teamId, businessUnitId, createdAt },
  })
}

/** Who, and where: one of both ids is there. */
export interface Placed {
  readonly userId: string
  readonly teamId?: string | null | undefined
  readonly businessUnitId?: string | null | undefined
}

type NewMembership = Placed & Pick<Membership, 'workspaceId' | 'source'>

/** Data planes are told whose keys users may name beside a token of theirs. */
export async function recordMemberships(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  { added = [], ended = [] }: { added?: readonly Membership[]; ended?: readonly Membership[] },
): Promise<void> {
  for (const membership of ended) em.remove(membership)
  const ofTeams = [...added, ...ended].filter(({ teamId }) => teamId !== null)
  const change = await holderChange(em, actor.organizationId, [
    ...new Set(ofTeams.map(({ userId }) => userId)),
  ])
  const entries = [
    ...added.map((membership) => describe('member_added', membership)),
    ...ended.map((membership) => describe('member_removed', membership)),
  ]
  await recordChanges(clock, em, actor, entries, ofTeams.length > 0 ? change : undefined)
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
