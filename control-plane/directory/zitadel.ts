import { countOf, type JsonRecord, listIn, nameOf, recordOf, subjectOf, textOf } from './answers.ts'
import type { Directory, DirectoryPage, Step } from './directory.ts'
import type { DirectoryClient } from './directory-client.ts'
import { forEachSubject } from './each-subject.ts'
import type { WantedClaims } from './wanted-claims.ts'

const mostAtOnce = 500
const inactive = new Set(['USER_STATE_INACTIVE', 'USER_STATE_DELETED', 'USER_STATE_SUSPEND'])

/**
 * Zitadel's user service, version 2, and the grants of its management API: https://zitadel.com/docs/apis. People's `userId`
 * is the `sub` of ID tokens.
 */
export function zitadelDirectory(
  client: DirectoryClient,
  wanted: WantedClaims,
  projectId: string | null,
): Directory {
  const names = projectId === null ? [] : roleClaims(projectId)
  const claims = names.filter((claim) => wanted.has(claim))
  const hasGrants = claims.length > 0
  const search = async (path: string, query: object, signal: AbortSignal) =>
    recordOf((await client.post(path, query, signal)).body)
  const searchGrants = async (query: object, queries: readonly object[], signal: AbortSignal) => {
    const ofProject = { query, queries: [{ projectIdQuery: { projectId } }, ...queries] }
    return listIn(await search('/management/v1/users/grants/_search', ofProject, signal), 'result')
  }
  const valuesOf = (grants: readonly JsonRecord[]) => grants.flatMap((one) => rolesOf(one, claims, wanted))
  return {
    claims,
    first: [...(hasGrants ? [{ of: 'grants', from: 0 }] : []), { of: 'users', from: 0 }],
    lookUp: (subjects) => ({ of: 'lost', subjects }),
    // Grants come in no order that could be asked for, and so there is no row to begin the next page at.
    ...(hasGrants && { lookUpValues: (subjects) => ({ of: 'grants of', subjects }) }),
    async read(step, signal) {
      if (step.of === 'lost') {
        const named = searchOfPeople({ limit: mostAtOnce }, { inUserIdsQuery: { userIds: step.subjects } })
        return peopleOf(listIn(await search('/v2/users', named, signal), 'result'), wanted, [])
      }
      if (step.of === 'grants of') {
        const grants: JsonRecord[] = []
        await forEachSubject(step, async (userId) => {
          grants.push(...(await searchGrants({ limit: mostAtOnce }, [{ userIdQuery: { userId } }], signal)))
        })
        return { values: valuesOf(grants) }
      }
      const page = { offset: String(countOf(step.from)), limit: mostAtOnce, asc: true }
      if (step.of === 'grants') {
        const grants = await searchGrants(page, [], signal)
        return { values: valuesOf(grants), steps: after(step, grants) }
      }
      const answer = await search('/v2/users', searchOfPeople(page), signal)
      const people = listIn(answer, 'result')
      const expected = countOf(recordOf(answer.details).totalResult ?? 0)
      return { ...peopleOf(people, wanted, after(step, people)), expected }
    },
  }
}

function after(step: Step, { length }: readonly JsonRecord[]): readonly Step[] {
  return length < mostAtOnce ? [] : [{ ...step, from: countOf(step.from) + length }]
}

function roleClaims(projectId: string): readonly string[] {
  return ['urn:zitadel:iam:org:project:roles', `urn:zitadel:iam:org:project:${projectId}:roles`]
}

function searchOfPeople(query: object, ...queries: readonly object[]) {
  return {
    query,
    sortingColumn: 'USER_FIELD_NAME_CREATION_DATE',
    queries: [{ typeQuery: { type: 'TYPE_HUMAN' } }, ...queries],
  }
}

function peopleOf(rows: readonly JsonRecord[], wanted: WantedClaims, steps: readonly Step[]): DirectoryPage {
  const people = rows.map((user) => {
    const { profile = {}, email: address = {} } = recordOf(user.human ?? {})
    const { displayName } = recordOf(profile)
    const { email, isVerified } = recordOf(address)
    const state = textOf(user.state)
    return wanted.person({
      subject: subjectOf(user.userId),
      active: state === null || !inactive.has(state),
      name: textOf(displayName) ?? textOf(user.username),
      email: isVerified === true ? textOf(email) : null,
    })
  })
  return { people, steps }
}

function rolesOf(grant: JsonRecord, claims: readonly string[], wanted: WantedClaims) {
  if (grant.state === 'USER_GRANT_STATE_INACTIVE') return []
  const subject = subjectOf(grant.userId)
  const roles = (Array.isArray(grant.roleKeys) ? grant.roleKeys : []).map(nameOf)
  return claims.flatMap((claim) =>
    roles.flatMap((value) =>
      value !== null && wanted.wants(claim, value) ? [{ subject, claim, value }] : [],
    ),
  )
}
