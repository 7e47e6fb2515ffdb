import { countOf, type JsonRecord, listIn, nameOf, recordOf, subjectOf, textOf } from './answers.ts'
import type { Directory, DirectoryPage, Step } from './directory.ts'
import type { DirectoryClient } from './directory-client.ts'
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
  const grants: Step = { of: 'grants', from: 0 }
  const users: Step = { of: 'users', from: 0 }
  return {
    claims,
    first: claims.length > 0 ? [grants, users] : [users],
    lookUp: (subjects) => ({ of: 'lost', subjects }),
    async read(step, signal) {
      if (step.of === 'lost') {
        const search = searchOfPeople({ limit: mostAtOnce }, { inUserIdsQuery: { userIds: step.subjects } })
        const { body } = await client.post('/v2/users', search, signal)
        return peopleOf(listIn(recordOf(body), 'result'), wanted, [])
      }
      const from = countOf(step.from)
      const query = { offset: String(from), limit: mostAtOnce, asc: true }
      const isUsers = step.of === 'users'
      const { body } = isUsers
        ? await client.post('/v2/users', searchOfPeople(query), signal)
        : await client.post(
            '/management/v1/users/grants/_search',
            { query, queries: [{ projectIdQuery: { projectId } }] },
            signal,
          )
      const answer = recordOf(body)
      const rows = listIn(answer, 'result')
      const next = rows.length < mostAtOnce ? [] : [{ ...step, from: from + rows.length }]
      if (!isUsers) return { values: rows.flatMap((grant) => valuesOf(grant, claims, wanted)), steps: next }
      return { ...peopleOf(rows, wanted, next), expected: countOf(recordOf(answer.details).totalResult ?? 0) }
    },
  }
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

function valuesOf(grant: JsonRecord, claims: readonly string[], wanted: WantedClaims) {
  if (grant.state === 'USER_GRANT_STATE_INACTIVE') return []
  const subject = subjectOf(grant.userId)
  const roles = (Array.isArray(grant.roleKeys) ? grant.roleKeys : []).map(nameOf)
  return claims.flatMap((claim) =>
    roles.flatMap((value) =>
      value !== null && wanted.wants(claim, value) ? [{ subject, claim, value }] : [],
    ),
  )
}
