import { nameOf, recordOf, recordsOf, subjectOf, textOf } from './answers.ts'
import type { Directory, DirectoryPage, Step } from './directory.ts'
import type { DirectoryClient, JsonAnswer } from './directory-client.ts'
import type { WantedClaims } from './wanted-claims.ts'

/** Those that say that the account is not to be used; a locked one, or one whose password is too old, is. */
const inactive = new Set(['SUSPENDED', 'DEPROVISIONED'])

/** Okta's management API: https://developer.okta.com/docs/api, Users, Groups. People's `id` is the `sub` of ID tokens. */
export function oktaDirectory(client: DirectoryClient, wanted: WantedClaims): Directory {
  const users: Step = { of: 'users', at: '/api/v1/users?limit=200' }
  const groups: Step = { of: 'groups', at: '/api/v1/groups?limit=200' }
  return {
    claims: wanted.has('groups') ? ['groups'] : [],
    first: wanted.has('groups') ? [groups, users] : [users],
    async read(step, signal) {
      const answer = await client.get(String(step.at), signal)
      const next = nextOf(answer, step)
      if (step.of === 'groups') return groupsOf(answer, wanted, next)
      if (step.of === 'members') {
        const value = String(step.value)
        const values = recordsOf(answer.body).map(({ id }) => ({
          subject: subjectOf(id),
          claim: 'groups',
          value,
        }))
        return { values, steps: next }
      }
      return { people: recordsOf(answer.body).map((user) => personOf(user, wanted)), steps: next }
    },
  }
}

function groupsOf({ body }: JsonAnswer, wanted: WantedClaims, next: readonly Step[]): DirectoryPage {
  const members = recordsOf(body).flatMap(({ id, profile }): Step[] => {
    const value = nameOf(recordOf(profile).name)
    if (value === null || !wanted.wantsGroup(value)) return []
    return [
      { of: 'members', value, at: `/api/v1/groups/${encodeURIComponent(subjectOf(id))}/users?limit=1000` },
    ]
  })
  return { steps: [...members, ...next] }
}

function personOf(user: Readonly<Record<string, unknown>>, wanted: WantedClaims) {
  const profile = recordOf(user.profile)
  const { firstName, lastName, displayName, email } = profile
  const status = textOf(user.status)
  const name = textOf(displayName) ?? textOf([firstName, lastName].filter((part) => textOf(part)).join(' '))
  const person = {
    subject: subjectOf(user.id),
    active: status === null || !inactive.has(status),
    name,
    email: textOf(email),
  }
  return wanted.person(person, profile)
}

/** RFC 8288: `<https://…?after=…>; rel="next"`. */
function nextOf({ headers }: JsonAnswer, step: Step): readonly Step[] {
  const next = /<([^<>]+)>;\s*rel="?next"?/.exec(headers.get('link') ?? '')?.[1]
  return next === undefined ? [] : [{ ...step, at: next }]
}
