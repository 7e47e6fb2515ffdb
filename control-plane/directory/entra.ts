import { flagOf, type JsonRecord, listIn, nameOf, recordOf, recordsOf, subjectOf, textOf } from './answers.ts'
import type { Directory, DirectoryPage, DirectoryValue, Step } from './directory.ts'
import type { DirectoryClient } from './directory-client.ts'
import type { WantedClaims } from './wanted-claims.ts'

const users = '/v1.0/users?$select=id,displayName,mail,userPrincipalName,accountEnabled&$top=999'
const groups = '/v1.0/groups?$select=id,displayName&$top=999'

/**
 * Microsoft Graph: https://learn.microsoft.com/graph/api, users, groups, servicePrincipals. People's `id` is the `oid` of ID
 * tokens. Groups are told by their ids, as tokens do, and by their names where a rule has one.
 */
export function entraDirectory(
  client: DirectoryClient,
  wanted: WantedClaims,
  applicationId: string,
): Directory {
  const application = `/v1.0/servicePrincipals(appId='${encodeURIComponent(applicationId)}')?$select=id,appRoles`
  return {
    claims: ['groups', 'roles'].filter((claim) => wanted.has(claim)),
    first: [
      ...(wanted.has('groups') ? [{ of: 'groups', at: groups }] : []),
      ...(wanted.has('roles') ? [{ of: 'application', at: application }] : []),
      { of: 'users', at: users },
    ],
    async read(step, signal) {
      const answer = recordOf((await client.get(String(step.at), signal)).body)
      if (step.of === 'application') return { steps: [assignmentsOf(answer, wanted)] }
      const rows = recordsOf(answer.value)
      const next = nextOf(answer, step)
      if (step.of === 'groups')
        return { steps: [...rows.flatMap((group) => membersOf(group, wanted)), ...next] }
      if (step.of === 'members')
        return { values: rows.flatMap((member) => memberOf(member, step)), steps: next }
      if (step.of === 'assignments') return assignedOf(rows, step, next)
      return { people: rows.map((user) => personOf(user, wanted)), steps: next }
    },
  }
}

function nextOf(answer: JsonRecord, step: Step): readonly Step[] {
  const next = textOf(answer['@odata.nextLink'])
  return next === null ? [] : [{ ...step, at: next }]
}

function membersOf(group: JsonRecord, wanted: WantedClaims): readonly Step[] {
  const id = subjectOf(group.id)
  const name = nameOf(group.displayName)
  // The prefix is of names; a rule that has an id means that group alone.
  const isById = wanted.wants('groups', id) && (name ?? '').startsWith(wanted.groupPrefix)
  const values = [
    ...(isById ? [id] : []),
    ...(name !== null && wanted.hasExactly('groups', name) ? [name] : []),
  ]
  const at = `/v1.0/groups/${encodeURIComponent(id)}/transitiveMembers?$select=id&$top=999`
  return values.map((value) => ({ of: 'members', claim: 'groups', value, at }))
}

function memberOf(member: JsonRecord, { claim, value }: Step): readonly DirectoryValue[] {
  const isPerson = member['@odata.type'] === undefined || member['@odata.type'] === '#microsoft.graph.user'
  return isPerson ? [{ subject: subjectOf(member.id), claim: String(claim), value: String(value) }] : []
}

/** Of the application's roles, those that a rule names. */
function assignmentsOf(application: JsonRecord, wanted: WantedClaims): Step {
  const roles = listIn(application, 'appRoles').flatMap(({ id, value }) => {
    const name = nameOf(value)
    return name !== null && wanted.wants('roles', name) ? [[subjectOf(id), name]] : []
  })
  const at = `/v1.0/servicePrincipals/${encodeURIComponent(subjectOf(application.id))}/appRoleAssignedTo?$top=999`
  return { of: 'assignments', roles: Object.fromEntries(roles), at }
}

/** A role that a group has is its direct members': Entra gives it to nobody in groups within the group. */
function assignedOf(rows: readonly JsonRecord[], step: Step, next: readonly Step[]): DirectoryPage {
  const values: DirectoryValue[] = []
  const steps: Step[] = []
  for (const { principalId, principalType, appRoleId } of rows) {
    const value = nameOf(recordOf(step.roles)[String(appRoleId)])
    if (value === null) continue
    const principal = subjectOf(principalId)
    if (principalType === 'User') values.push({ subject: principal, claim: 'roles', value })
    if (principalType !== 'Group') continue
    const at = `/v1.0/groups/${encodeURIComponent(principal)}/members?$select=id&$top=999`
    steps.push({ of: 'members', claim: 'roles', value, at })
  }
  return { values, steps: [...steps, ...next] }
}

function personOf(user: JsonRecord, wanted: WantedClaims) {
  return wanted.person({
    subject: subjectOf(user.id),
    active: flagOf(user, 'accountEnabled'),
    name: textOf(user.displayName) ?? textOf(user.userPrincipalName),
    email: textOf(user.mail),
  })
}
