import {
  countOf,
  flagOf,
  type JsonRecord,
  listIn,
  malformed,
  nameOf,
  recordOf,
  recordsOf,
  subjectOf,
  textOf,
} from './answers.ts'
import { countedFrom, countedPage } from './counted-pages.ts'
import type { Directory, DirectoryPage, DirectoryPerson, DirectoryValue, Step } from './directory.ts'
import type { DirectoryClient } from './directory-client.ts'
import { forEachSubject } from './each-subject.ts'
import type { WantedClaims } from './wanted-claims.ts'

const most = { groups: 100, members: 500, users: 500 } as const
const realmRoles = 'realm_access.roles'

/**
 * Keycloak's admin API: https://www.keycloak.org/docs-api/latest/rest-api. People's `id` is the `sub` of ID tokens. Groups
 * are told by their paths when the prefix of their names is one, as the mapper's "Full group path" does in tokens.
 */
export function keycloakDirectory(client: DirectoryClient, wanted: WantedClaims): Directory {
  const first: Step[] = [
    ...(wanted.has('groups') ? [{ of: 'groups', at: '/groups', from: 0 }] : []),
    { of: 'users', at: '/users', from: 0 },
    { of: 'count', at: '/users/count' },
  ]
  return {
    claims: ['groups', realmRoles].filter((claim) => wanted.has(claim)),
    first,
    lookUp: (subjects) => ({ of: 'lost', subjects }),
    async read(step, signal) {
      if (step.of === 'count') return { expected: countOf((await client.get(String(step.at), signal)).body) }
      if (step.of === 'roles') return rolesOf(client, wanted, step, signal)
      if (step.of === 'lost') return usersOf(await lookUp(client, step, signal), wanted, [])
      const { rows, next } = await pageOf(client, step, signal)
      if (step.of === 'groups')
        return { steps: [...rows.flatMap((group) => stepsOf(group, wanted)), ...next] }
      if (step.of === 'members') return { values: rows.map(({ id }) => memberValue(id, step)), steps: next }
      return usersOf(rows, wanted, next)
    },
  }
}

async function pageOf(client: DirectoryClient, step: Step, signal: AbortSignal) {
  const isUsers = step.of === 'users'
  const max = step.of === 'groups' || step.of === 'members' ? most[step.of] : most.users
  const from = isUsers ? countOf(step.from) : countedFrom(step)
  const query = `first=${from}&max=${max}&briefRepresentation=${!isUsers}`
  const rows = await rowsOf(client, step, query, signal)
  if (!isUsers) return countedPage(step, rows, max)
  // All of a realm change too often to begin again: whoever is on no page is looked up.
  return { rows, next: rows.length < max ? [] : [{ ...step, from: from + rows.length }] }
}

/** None of a group that was deleted since it was listed. */
async function rowsOf(client: DirectoryClient, { at }: Step, query: string, signal: AbortSignal) {
  const path = `${at}?${query}`
  const group = /^\/groups\/[^/]+(?=\/)/.exec(String(at))?.[0]
  const found =
    group === undefined ? await client.get(path, signal) : await findOf(client, group, path, signal)
  return recordsOf(found?.body ?? [])
}

/**
 * What is asked for below somebody or a group; null where they are gone themselves.
 *
 * @throws DirectoryFailed where they are not: nothing there is no answer then
 */
async function findOf(client: DirectoryClient, owner: string, path: string, signal: AbortSignal) {
  const found = await client.find(path, signal)
  if (found || !(await client.find(owner, signal))) return found
  throw malformed('lacks the roles of somebody or the members of a group whom it has')
}

/** Since version 23 a group's own groups are asked for; before, they come with it. */
function stepsOf(group: JsonRecord, wanted: WantedClaims): readonly Step[] {
  const at = `/groups/${encodeURIComponent(subjectOf(group.id))}`
  const value = nameOf(wanted.groupPrefix.startsWith('/') ? group.path : group.name)
  const inner = listIn(group, 'subGroups')
  const isBelow = typeof group.subGroupCount === 'number' && group.subGroupCount > 0 && inner.length === 0
  return [
    ...(value !== null && wanted.wantsGroup(value)
      ? [{ of: 'members', at: `${at}/members`, value, from: 0 }]
      : []),
    ...inner.flatMap((child) => stepsOf(child, wanted)),
    ...(isBelow ? [{ of: 'groups', at: `${at}/children`, from: 0 }] : []),
  ]
}

function usersOf(rows: readonly JsonRecord[], wanted: WantedClaims, next: readonly Step[]): DirectoryPage {
  const people = rows.map((user) => {
    const name =
      textOf([user.firstName, user.lastName].filter((part) => textOf(part)).join(' ')) ??
      textOf(user.username)
    const email = user.emailVerified === true ? textOf(user.email) : null
    return wanted.person({ subject: subjectOf(user.id), active: flagOf(user, 'enabled'), name, email })
  })
  const subjects = people.filter(({ active }) => active).map(({ subject }) => subject)
  const roles = wanted.has(realmRoles) && subjects.length > 0 ? [{ of: 'roles', subjects }] : []
  return { people, steps: [...roles, ...next] }
}

/**
 * With those that come by groups and by other roles, which no list of a role's users has. Whoever was deleted since they were
 * listed is not active.
 */
async function rolesOf(
  client: DirectoryClient,
  wanted: WantedClaims,
  step: Step,
  signal: AbortSignal,
): Promise<DirectoryPage> {
  const values: DirectoryValue[] = []
  const people: DirectoryPerson[] = []
  await forEachSubject(step, async (subject) => {
    const user = `/users/${encodeURIComponent(subject)}`
    const path = `${user}/role-mappings/realm/composite?briefRepresentation=true`
    const roles = await findOf(client, user, path, signal)
    if (!roles) people.push(wanted.person({ subject, active: false, name: null, email: null }))
    for (const role of recordsOf(roles?.body ?? [])) {
      const value = nameOf(role.name)
      if (value !== null && wanted.wants(realmRoles, value))
        values.push({ subject, claim: realmRoles, value })
    }
  })
  return { people, values }
}

/** Subjects that somebody linked by hand may be anything, and some lead elsewhere below `/users`. */
function isId(subject: string): boolean {
  return /^[\w:.@+-]+$/.test(subject) && !['.', '..', 'count', 'profile'].includes(subject)
}

/** Those of the step's people whom the realm has under this very id. */
async function lookUp(client: DirectoryClient, step: Step, signal: AbortSignal) {
  const users: JsonRecord[] = []
  await forEachSubject(step, async (subject) => {
    if (!isId(subject)) return
    const found = await client.find(`/users/${encodeURIComponent(subject)}`, signal)
    const user = found && recordOf(found.body)
    if (user?.id === subject) users.push(user)
  })
  return users
}

function memberValue(id: unknown, { value }: Step): DirectoryValue {
  return { subject: subjectOf(id), claim: 'groups', value: String(value) }
}
