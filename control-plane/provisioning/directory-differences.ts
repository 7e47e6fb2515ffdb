import type { EntityManager } from '@mikro-orm/postgresql'
import {
  claimsOf,
  type DirectorySyncRun,
  type FoundPerson,
  filterCondition,
  foundColumns,
  listsOfFound,
  unknownPeople,
} from '../modules/directory-sync/index.ts'
import type { IdentityProvider } from '../modules/identity-providers/index.ts'
import { type KnownBusinessUnits, mapBusinessUnits } from '../sign-in/business-unit-mapping.ts'
import type { Claims } from '../sign-in/claims.ts'
import { compareRanks, type RankedRole } from '../sign-in/role-mapping.ts'
import { isKnownElsewhere, isSwitchedOffByHand } from './known-elsewhere.ts'
import { readBusinessUnits } from './mapped-business-units.ts'
import { readRoleRanks, roleFor, tellsRole } from './mapped-role.ts'
import { teamNamesFor } from './mapped-teams.ts'

/** What a directory says that is not so yet. */
export type DirectoryDifference =
  | {
      readonly kind: 'decommission'
      readonly subject: string
      readonly reason: 'directory_gone' | 'directory_inactive'
    }
  | { readonly kind: 'follow'; readonly subject: string; readonly claims: Claims }
  | { readonly kind: 'import'; readonly subject: string; readonly claims: Claims }

export interface DirectoryDifferences {
  readonly differences: readonly DirectoryDifference[]
  /** Users of this provider who may use something by it. */
  readonly live: number
  /** Of those, who would lose their access, all of their teams, or a role to one that allows less. */
  readonly leaving: number
  /** Who is left alone: no users who are to become none, and users who were switched off by hand. */
  readonly skipped: number
}

const mostAtOnce = 2_000

interface KnownPerson extends FoundPerson {
  readonly isUserActive: boolean
  /** By hand: what a directory says does not switch them on again. */
  readonly isSwitchedOff: boolean
  readonly isDecommissioned: boolean
  /** By another identity, which keeps them active. */
  readonly isKnownElsewhere: boolean
  /** Null: the directory has them no more. */
  readonly isActive: boolean | null
  readonly givenRoleId: string | null
  /** Without an end, whoever gave them. */
  readonly roleIds: readonly string[]
  /** By this source; those of another workspace under a name that no team has. */
  readonly teams: readonly string[]
  /** By this source. */
  readonly businessUnitIds: readonly string[]
}

/**
 * Holds everybody whom this provider is known for against what was read of its directory, in a few large queries.
 *
 * @param complete the claims that the directory tells completely
 */
export async function findDifferences(
  em: EntityManager,
  provider: IdentityProvider,
  run: DirectorySyncRun,
  complete: readonly string[],
): Promise<DirectoryDifferences> {
  const known: Known = { ranks: await readRoleRanks(em), units: await readBusinessUnits(em, provider) }
  const people = run.trigger === 'import' ? [] : await readKnown(em, provider, run)
  const judged = people.map((person) => judge(provider, person, claimsOf(person, complete), known))
  const unknown = await readUnknown(em, provider, run)
  const imported = unknown.flatMap((person): DirectoryDifference[] => {
    const claims = claimsOf(person, complete)
    const isLetIn = roleFor(provider, claims, known.ranks) !== null
    return isLetIn ? [{ kind: 'import', subject: person.subject, claims }] : []
  })
  const [count] = await em.execute<{ people: number }[]>(
    `select count(*)::int as people from directory_people found where ${unknownPeople}`,
    [run.organizationId, run.id, provider.id],
  )
  return {
    differences: [...judged.flatMap(({ difference }) => difference ?? []), ...imported],
    live: people.filter(isLive).length,
    leaving: judged.filter(({ isLeaving }) => isLeaving).length,
    skipped:
      (count?.people ?? 0) - imported.length + people.filter(({ isSwitchedOff }) => isSwitchedOff).length,
  }
}

/** What there is for the rules to give. */
interface Known {
  readonly ranks: ReadonlyMap<string, RankedRole>
  readonly units: KnownBusinessUnits
}

interface Judgement {
  readonly difference: DirectoryDifference | null
  readonly isLeaving: boolean
}

const nothing: Judgement = { difference: null, isLeaving: false }

function judge(
  provider: IdentityProvider,
  person: KnownPerson,
  claims: Claims,
  { ranks, units }: Known,
): Judgement {
  const { subject, isActive, isUserActive, isDecommissioned, givenRoleId, teams, businessUnitIds } = person
  if (person.isSwitchedOff) return nothing
  if (isActive !== true) {
    // One who was decommissioned is so again where they are active all the same, and nobody else stands by them.
    if (isDecommissioned && !isLive(person)) return nothing
    const reason = isActive === null ? 'directory_gone' : 'directory_inactive'
    return { difference: { kind: 'decommission', subject, reason }, isLeaving: isUserActive }
  }
  const follow: DirectoryDifference = { kind: 'follow', subject, claims }
  const roleId = tellsRole(provider, claims) ? roleFor(provider, claims, ranks) : undefined
  if (roleId === null) {
    const hasAnything = givenRoleId !== null || teams.length > 0
    return hasAnything ? { difference: follow, isLeaving: isLive(person) } : nothing
  }
  const wantedTeams = teamNamesFor(provider, claims)?.usable
  const isBack = isDecommissioned || !isUserActive
  const isChanged =
    isBack ||
    (roleId !== undefined &&
      (!person.roleIds.includes(roleId) || (givenRoleId !== null && givenRoleId !== roleId))) ||
    areOthers(teams, wantedTeams) ||
    lacksAny(businessUnitIds, mapBusinessUnits(claims, provider.businessUnitRules, units).ids)
  if (!isChanged) return nothing
  const losesTeams = teams.length > 0 && wantedTeams?.length === 0
  const isLeaving = isLive(person) && (losesTeams || isLower(ranks, roleId, givenRoleId))
  return { difference: follow, isLeaving }
}

/** Where there is a default role, nobody loses all: whoever loses their groups gets that one. */
function isLower(ranks: Known['ranks'], roleId: string | undefined, givenRoleId: string | null): boolean {
  const role = ranks.get(roleId ?? '')
  const given = ranks.get(givenRoleId ?? '')
  return role !== undefined && given !== undefined && compareRanks(role, given) < 0
}

function isLive({ isUserActive, isDecommissioned, isKnownElsewhere }: KnownPerson): boolean {
  return isUserActive && !(isDecommissioned && isKnownElsewhere)
}

function areOthers(present: readonly string[], wanted: readonly string[] | undefined): boolean {
  if (wanted === undefined) return false
  return JSON.stringify(present.toSorted()) !== JSON.stringify(wanted.toSorted())
}

function lacksAny(present: readonly string[], wanted: readonly string[]): boolean {
  return wanted.some((id) => !present.includes(id))
}

async function readKnown(
  em: EntityManager,
  { organizationId, id: providerId, teamWorkspaceId }: IdentityProvider,
  { id: runId }: DirectorySyncRun,
): Promise<readonly KnownPerson[]> {
  const known: KnownPerson[] = []
  let after = ''
  for (;;) {
    // Each is looked up: a join of tables that were filled just now is planned as if they were empty.
    const page = await em.execute<KnownPerson[]>(
      `with page as materialized (
         select * from user_identities where org_id = ? and provider_id = ? and subject > ? order by subject limit ?)
       select page.subject, person.active as "isUserActive", page.decommissioned_at is not null as "isDecommissioned",
         ${isSwitchedOffByHand} as "isSwitchedOff", ${isKnownElsewhere} as "isKnownElsewhere",
         found.active as "isActive", found.name, found.email, coalesce(found.claims, '{}') as claims,
         ${listsOfFound} as lists, given.role_id as "givenRoleId",
         coalesce((select jsonb_agg(role_id) from role_assignments held
           where held.org_id = page.org_id and held.user_id = page.user_id and held.object_id is null
             and held.expires_at is null), '[]') as "roleIds",
         coalesce((select jsonb_agg(case when team.workspace_id = ? then team.name else ' ' || team.id end)
           from memberships member join teams team on team.org_id = member.org_id and team.id = member.team_id
           where member.org_id = page.org_id and member.user_id = page.user_id and member.source = 'idp'), '[]') as teams,
         coalesce((select jsonb_agg(member.business_unit_id) from memberships member
           where member.org_id = page.org_id and member.user_id = page.user_id and member.source = 'idp'
             and member.business_unit_id is not null), '[]') as "businessUnitIds"
       from page
       join users person on person.org_id = page.org_id and person.id = page.user_id
       left join role_assignments given on given.org_id = page.org_id and given.id = page.role_assignment_id
       left join lateral (select * from directory_people
         where org_id = page.org_id and run_id = ? and subject = page.subject offset 0) found on true
       order by page.subject`,
      [organizationId, providerId, after, mostAtOnce, providerId, teamWorkspaceId ?? '', runId],
    )
    known.push(...page)
    after = page.at(-1)?.subject ?? ''
    if (page.length < mostAtOnce) return known
  }
}

/** Who is to become a user, as far as it was wanted. */
function readUnknown(
  em: EntityManager,
  { id: providerId, directory }: IdentityProvider,
  { id: runId, organizationId, importFilter, trigger }: DirectorySyncRun,
): Promise<FoundPerson[]> {
  const isWanted = trigger === 'import' || directory?.importsUsers === true
  if (!isWanted) return Promise.resolve([])
  const { sql, values } = importFilter ? filterCondition(importFilter) : { sql: 'true', values: [] }
  return em.execute<FoundPerson[]>(
    `select ${foundColumns} from directory_people found where ${unknownPeople} and ${sql} order by found.subject`,
    [organizationId, runId, providerId, ...values],
  )
}
