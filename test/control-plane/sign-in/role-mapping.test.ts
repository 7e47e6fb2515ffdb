import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  mapDefaultRole,
  mapRoles,
  mapTeams,
  type RankedRole,
  type RoleRule,
} from '../../../control-plane/sign-in/role-mapping.ts'

const roles: ReadonlyMap<string, RankedRole> = new Map([
  ['admin', { privilege: 100, permissions: 30, isSystem: true, isAdministrative: true }],
  ['developer', { privilege: 50, permissions: 70, isSystem: false, isAdministrative: false }],
  ['auditor', { privilege: 50, permissions: 60, isSystem: false, isAdministrative: false }],
  ['bookkeeper', { privilege: 50, permissions: 60, isSystem: false, isAdministrative: false }],
  ['heir of admin', { privilege: 50, permissions: 65, isSystem: false, isAdministrative: true }],
  ['viewer', { privilege: 10, permissions: 20, isSystem: true, isAdministrative: false }],
])
const rule = (value: string, roleId: string, claim = 'groups'): RoleRule => ({ claim, value, roleId })
const rules = [
  rule('everybody', 'viewer'),
  rule('devs', 'developer'),
  rule('books', 'bookkeeper'),
  rule('audits', 'auditor'),
  rule('admins', 'admin'),
]
const highest = (groups: unknown, given: readonly RoleRule[] = rules) =>
  mapRoles({ groups }, given, roles, 'highest_privilege')

describe('the role of a person is', () => {
  it.each<[string, unknown, string | null]>([
    ['none when no rule applies', ['others'], null],
    ['none without the claim', undefined, null],
    ['that of the rule that applies', ['others', 'devs'], 'developer'],
    ['that of highest privilege', ['everybody', 'admins', 'devs'], 'admin'],
    ['of equal privilege that with more permissions', ['audits', 'devs', 'books'], 'developer'],
    ['of equal permissions that whose id comes first', ['books', 'audits'], 'auditor'],
    ['found in a claim that is one text', 'admins', 'admin'],
    ['found in any capitalization', ['AdMiNs'], 'admin'],
    ['not found by a part of a name', ['admins-emea', 'xadmins'], null],
    ['not found behind a NUL', ['admins\0'], null],
    ['not found in look-alike letters', ['аdmins'], null],
    ['not found in letters of full width', ['ａｄｍｉｎｓ'], null],
    ['not found with an invisible character', ['admins\u200b', 'ad\u00admins', '\u2060admins'], null],
    ['not found with text that is turned round', ['\u202eadmins', 'admins\u2066'], null],
    ['not found in a ligature or a letter with a mark', ['ad\u1d50ins', 'admin\u0323s', 'adm\u0131ns'], null],
    ['not found with white space around it', [' admins', 'admins '], null],
    ['not found in a list in one text', 'devs,admins', null],
  ])('%s', (_, groups, role) => {
    expect(highest(groups)).toBe(role)
  })

  it('found in any composition of letters', () => {
    const given = [rule('Équipe', 'developer')]
    expect(highest(['e\u0301quipe'], given)).toBe('developer')
    expect(highest(['İstanbul'], [rule('i\u0307stanbul', 'developer')])).toBe('developer')
  })

  it('that of the first rule that applies when order is to decide', () => {
    const first = (given: readonly RoleRule[]) =>
      mapRoles({ groups: ['admins', 'everybody'] }, given, roles, 'first_match')
    expect(first(rules)).toBe('viewer')
    expect(first(rules.toReversed())).toBe('admin')
  })

  it('none that does not exist', () => {
    expect(highest(['devs'], [rule('devs', 'gone'), rule('devs', 'developer')])).toBe('developer')
    expect(highest(['devs'], [rule('devs', 'toString')])).toBeNull()
  })
})

describe('the value *', () => {
  it('applies to whoever has any value', () => {
    expect(highest(['whatever'], [rule('*', 'developer')])).toBe('developer')
    expect(highest([], [rule('*', 'developer')])).toBeNull()
  })

  it.each(['highest_privilege', 'first_match'] as const)('never gives a system role by %s', (strategy) => {
    const given = [rule('*', 'admin'), rule('*', 'viewer'), rule('*', 'developer')]
    expect(mapRoles({ groups: ['admin', '*'] }, given, roles, strategy)).toBe('developer')
    expect(mapRoles({ groups: ['admin', '*'] }, given.slice(0, 2), roles, strategy)).toBeNull()
  })
})

describe('a role of administrators by another name', () => {
  it.each(['highest_privilege', 'first_match'] as const)('is not given for any value by %s', (strategy) => {
    const given = [rule('*', 'heir of admin'), rule('*', 'auditor')]
    expect(mapRoles({ groups: ['x'] }, given, roles, strategy)).toBe('auditor')
    expect(mapRoles({ groups: ['x'] }, given.slice(0, 1), roles, strategy)).toBeNull()
  })

  it('is given for the value that names it', () => {
    expect(highest(['heirs'], [rule('heirs', 'heir of admin')])).toBe('heir of admin')
  })

  it('is nobody’s by default, and any other role may be', () => {
    const byDefault = (id: string | null) => mapDefaultRole(id, roles)
    expect(['admin', 'heir of admin', 'gone', null].map(byDefault)).toEqual([null, null, null, null])
    expect(['viewer', 'developer'].map(byDefault)).toEqual(['viewer', 'developer'])
  })
})

it('a role follows from what is claimed, whatever the order of values, claims and rules', () => {
  const group = fc.constantFrom('everybody', 'DEVS', 'books', 'audits', 'admins', 'others')
  const claims = fc.record({ groups: fc.array(group), roles: fc.array(group) })
  const given = fc.array(
    fc.record({
      claim: fc.constantFrom('groups', 'roles'),
      value: fc.oneof(group, fc.constant('*')),
      roleId: fc.constantFrom(...roles.keys(), 'gone'),
    }),
  )
  const shuffled = <T>(values: readonly T[]) =>
    fc.shuffledSubarray([...values], { minLength: values.length, maxLength: values.length })
  fc.assert(
    fc.property(
      fc.tuple(claims, given).chain(([claims, given]) =>
        fc.record({
          claims: fc.constant(claims),
          given: fc.constant(given),
          groups: shuffled(claims.groups),
          others: shuffled(claims.roles),
          reordered: shuffled(given),
        }),
      ),
      ({ claims, given, groups, others, reordered }) => {
        const again = { roles: others, groups }
        const role = mapRoles(claims, given, roles, 'highest_privilege')
        expect(mapRoles(again, reordered, roles, 'highest_privilege')).toBe(role)
        expect(mapRoles(again, given, roles, 'first_match')).toBe(
          mapRoles(claims, given, roles, 'first_match'),
        )
        expect(mapTeams(again, teamsOf(reordered))).toEqual(mapTeams(claims, teamsOf(given)))
      },
    ),
    { numRuns: 500 },
  )
})

const teamsOf = (given: readonly RoleRule[]) =>
  given.map(({ claim, value, roleId }) => ({ claim, value, team: value === '*' ? '*' : roleId }))

describe('the teams of a person', () => {
  const teams = [
    { claim: 'groups', value: 'devs', team: 'Development' },
    { claim: 'groups', value: 'emea', team: 'Europe' },
  ]
  it.each<[string, object, readonly string[], boolean]>([
    ['are those of all rules that apply', { groups: ['emea', 'DEVS'] }, ['Development', 'Europe'], true],
    ['are none when no rule applies, so that all are left', { groups: ['x'] }, [], true],
    ['are none with an empty list, so that all are left', { groups: [] }, [], true],
    ['are unknown without the claim, so that they stay', {}, [], false],
  ])('%s', (_, claims, names, isClaimPresent) => {
    expect(mapTeams({ ...claims }, teams)).toEqual({ names, isClaimPresent })
  })

  it('are named by the claim where a rule says *', () => {
    const given = [{ claim: 'groups', value: '*', team: '*' }]
    expect(mapTeams({ groups: ['b', 'e\u0301', 'a', '\u00e9'] }, given).names).toEqual(['a', 'b', 'é'])
    const one = [{ claim: 'groups', value: 'B', team: '*' }]
    expect(mapTeams({ groups: ['b', 'a'] }, one).names).toEqual(['b'])
    const fixed = [{ claim: 'groups', value: '*', team: 'Staff' }]
    expect(mapTeams({ groups: ['b', 'a'] }, fixed).names).toEqual(['Staff'])
  })

  it('are unknown when one of several claims is not there', () => {
    const given = [...teams, { claim: 'departments', value: '*', team: '*' }]
    expect(mapTeams({ groups: ['devs'] }, given)).toEqual({ names: ['Development'], isClaimPresent: false })
  })
})
