import { type JsonRecord, listIn, nameOf, recordOf, subjectOf, textOf } from './answers.ts'
import type { Directory, Step } from './directory.ts'
import type { DirectoryClient } from './directory-client.ts'
import type { WantedClaims } from './wanted-claims.ts'

const api = '/admin/directory/v1'

/**
 * Google's Admin SDK: https://developers.google.com/workspace/admin/directory/reference/rest. People's `id` is the `sub` of
 * ID tokens. Groups are told by their addresses, as the claim `groups`, which Google's ID tokens do not have.
 */
export function googleDirectory(
  client: DirectoryClient,
  wanted: WantedClaims,
  domain: string | null,
): Directory {
  const whose = domain === null ? 'customer=my_customer' : `domain=${encodeURIComponent(domain)}`
  const users: Step = { of: 'users', at: `${api}/users?${whose}&maxResults=500&orderBy=email` }
  const groups: Step = { of: 'groups', at: `${api}/groups?customer=my_customer&maxResults=200` }
  return {
    claims: wanted.has('groups') ? ['groups'] : [],
    first: wanted.has('groups') ? [groups, users] : [users],
    async read(step, signal) {
      const page = textOf(step.page)
      const path = page === null ? String(step.at) : `${step.at}&pageToken=${encodeURIComponent(page)}`
      const answer = recordOf((await client.get(path, signal)).body)
      const nextPage = textOf(answer.nextPageToken)
      const next = nextPage === null ? [] : [{ ...step, page: nextPage }]
      if (step.of === 'groups') {
        return { steps: [...listIn(answer, 'groups').flatMap((group) => membersOf(group, wanted)), ...next] }
      }
      if (step.of === 'members') {
        const people = listIn(answer, 'members').filter(({ type }) => type === 'USER')
        const value = String(step.value)
        return {
          values: people.map(({ id }) => ({ subject: subjectOf(id), claim: 'groups', value })),
          steps: next,
        }
      }
      return { people: listIn(answer, 'users').map((user) => personOf(user, wanted)), steps: next }
    },
  }
}

function membersOf({ id, email }: JsonRecord, wanted: WantedClaims): readonly Step[] {
  const value = nameOf(email)
  if (value === null || !wanted.wantsGroup(value)) return []
  const at = `${api}/groups/${encodeURIComponent(subjectOf(id))}/members?includeDerivedMembership=true&maxResults=200`
  return [{ of: 'members', value, at }]
}

function personOf(user: JsonRecord, wanted: WantedClaims) {
  const email = textOf(user.primaryEmail)
  return wanted.person({
    subject: subjectOf(user.id),
    active: user.suspended !== true && user.archived !== true,
    name: textOf(recordOf(user.name ?? {}).fullName) ?? email,
    email,
  })
}
