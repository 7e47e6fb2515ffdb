import { allPermissions, type Permission, systemRoles } from '../../contract/permissions.ts'
import { Actor } from '../../control-plane/actor.ts'
import { type AccessPolicy, compilePolicy } from '../../control-plane/authorization/access-policy.ts'
import type { Circumstances } from '../../control-plane/authorization/circumstances.ts'
import { restrictionsOf } from '../../control-plane/authorization/restrictions.ts'

/** Something that is done over and over; each call does it once and says what came of it. */
export interface BenchCase {
  readonly name: string
  readonly what: 'decision' | 'request'
  run(turn: number): boolean
}

const now = Date.parse('2030-01-07T12:00:00Z')
const circumstances: Circumstances = {
  subject: {
    ...{ kind: 'user', id: 'usr_1', userId: 'usr_1', personId: 'usr_1', teamIds: ['team_1'] },
    roleIds: new Set(['role_1', 'role_developer']),
  },
  facts: {
    address: '10.1.2.3',
    session: {
      ...{ isMfa: true, authenticationMethods: ['pwd', 'otp'], authenticationClass: null },
      authenticatedAt: now - 60_000,
    },
  },
  now,
}
const hours = {
  days: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'] as const,
  ...{ from: '09:00', until: '17:00', timeZone: 'Europe/Berlin' },
}
const key = { id: 'vk_1', workspaceId: 'ws_1', userId: 'usr_1', teamId: null, customerId: null }
const places = [undefined, { workspaceId: null }, { workspaceId: 'ws_1' }, key]

function policy(index: number, terms: Partial<AccessPolicy['terms']>): AccessPolicy {
  const named: Permission = allPermissions[index % allPermissions.length] ?? 'usage:view'
  return compilePolicy({
    ...{ id: `pol_${index}`, name: `policy ${index}`, effect: 'deny_when', permissions: [named] },
    ...{ everybody: false, roleIds: ['role_1'], userIds: [], timeWindows: [], condition: null },
    ...terms,
  })
}

const times = (count: number, terms: Partial<AccessPolicy['terms']>) =>
  Array.from({ length: count }, (_, index) => policy(index, terms))

/** The most that an organization can have, of every kind. */
const many = [
  ...times(34, {}),
  ...times(33, { effect: 'deny_unless', timeWindows: [hours] }),
  ...times(33, {
    effect: 'deny_unless',
    condition: 'session.mfa && inNetwork(request.ip, "10.0.0.0/8") && session.secondsSinceSignIn < 900',
  }),
]
const ofOwners = policy(0, {
  ...{ effect: 'deny_unless', permissions: ['virtual_keys:revoke'] },
  condition: 'resource.ownerUserId == actor.userId',
})

function actorUnder(policies: readonly AccessPolicy[]): Actor {
  const identity = {
    kind: 'user',
    id: 'usr_1',
    name: 'Ida',
    organizationId: 'org_1',
    roleId: 'role_1',
  } as const
  const permissions = new Set<Permission>(systemRoles.developer.permissions)
  return new Actor({
    ...identity,
    assurance: null,
    rights: { permissions, workspaceIds: ['ws_1', 'ws_2'], rowScope: 'all' },
    restrictions: restrictionsOf(policies, circumstances),
  })
}

/** Every permission of the catalogue in every kind of place, one after the other. */
function decisionsOf(name: string, policies: readonly AccessPolicy[]): BenchCase {
  const actor = actorUnder(policies)
  return {
    ...{ name, what: 'decision' },
    run: (turn) =>
      actor.may(allPermissions[turn % allPermissions.length] ?? 'usage:view', places[turn % places.length]),
  }
}

export const benchCases: readonly BenchCase[] = [
  decisionsOf('roles alone', []),
  decisionsOf('roles and 100 policies', many),
  {
    ...{ name: 'a condition about the thing itself', what: 'decision' },
    run: (
      (actor) => () =>
        actor.may('virtual_keys:revoke', key)
    )(actorUnder([ofOwners])),
  },
  {
    ...{ name: '100 policies, once for each request', what: 'request' },
    run: () => restrictionsOf(many, { ...circumstances }) !== undefined,
  },
]
