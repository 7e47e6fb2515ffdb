import { describe, expect, it } from 'vitest'
import { type Claims, hasClaim, readClaim } from '../../../control-plane/sign-in/claims.ts'

/** As a token brings them: `JSON.parse` makes `__proto__` a member like any other. */
const parsed = (json: string): Claims => JSON.parse(json)

const roles = 'urn:zitadel:iam:org:project:roles'

describe('a claim is read', () => {
  it.each<[string, Claims, string, readonly string[]]>([
    ['as a text', { role: 'admin' }, 'role', ['admin']],
    ['as a list of texts', { groups: ['a', 'b'] }, 'groups', ['a', 'b']],
    ['as a text that is not split at its commas', { groups: 'a,b' }, 'groups', ['a,b']],
    ['through Keycloak’s dots', { realm_access: { roles: ['a'] } }, 'realm_access.roles', ['a']],
    ['with Keycloak’s full paths', { groups: ['/platform/sre'] }, 'groups', ['/platform/sre']],
    [
      'through a client whose id has dots',
      { resource_access: { 'gate.example.com': { roles: ['a'] } } },
      'resource_access.gate.example.com.roles',
      ['a'],
    ],
    [
      'by a name with colons, as the names of an object',
      { [roles]: { admin: { 1: 'x' }, viewer: {} } },
      roles,
      ['admin', 'viewer'],
    ],
    [
      'as the names of a list of objects',
      { [roles]: [{ admin: { 1: 'x' } }, { viewer: {} }] },
      roles,
      ['admin', 'viewer'],
    ],
    ['by a name that is a URL', { 'https://acme.com/groups': ['a'] }, 'https://acme.com/groups', ['a']],
    ['by its exact name before any path', { 'a.b': 'exact', a: { b: 'nested' } }, 'a.b', ['exact']],
    ['each value once', { groups: ['a', 'a'] }, 'groups', ['a']],
    ['without what is no text', { groups: ['a', 1, true, null, ['b']] }, 'groups', ['a']],
    ['as nothing when it is a number', { role: 1 }, 'role', []],
    ['as nothing when it is not there', {}, 'role', []],
    ['as nothing through a text', { role: 'admin' }, 'role.length', []],
    ['as nothing through a list', { groups: ['a'] }, 'groups.0', []],
    ['by the empty name', { '': 'x' }, '', ['x']],
  ])('%s', (_, claims, path, values) => {
    expect(readClaim(claims, path)).toEqual(values)
  })
})

describe('a claim says nothing', () => {
  it.each<[string, Claims, string]>([
    ['through __proto__', parsed('{"__proto__":{"role":"admin"}}'), '__proto__.role'],
    ['named __proto__', parsed('{"__proto__":"admin"}'), '__proto__'],
    ['named constructor', parsed('{"constructor":"admin"}'), 'constructor'],
    ['through an inherited constructor', {}, 'constructor.name'],
    ['through constructor within', parsed('{"a":{"constructor":{"name":"admin"}}}'), 'a.constructor.name'],
    ['that only its prototype has', Object.create({ role: 'admin' }), 'role'],
    ['that is a method of every object', {}, 'toString'],
    ['under a path of a hundred names', { a: 'x' }, Array.from({ length: 100 }, () => 'a').join('.')],
  ])('%s', (_, claims, path) => {
    expect(readClaim(claims, path)).toEqual([])
  })

  it.each([
    ['a NUL, behind which some see nothing', 'admin\0x'],
    ['a line end', 'admin\n'],
    ['a control character of the second kind', 'admin\u0085'],
    ['half a character', 'admin\ud800'],
    ['257 characters', 'x'.repeat(257)],
    ['nothing', ''],
  ])('by a value with %s', (_, value) => {
    expect(readClaim({ groups: [value, 'kept'] }, 'groups')).toEqual(['kept'])
  })

  it('by the names __proto__ and constructor in an object', () => {
    expect(readClaim(parsed('{"roles":{"__proto__":{},"constructor":{},"a":{}}}'), 'roles')).toEqual(['a'])
  })
})

it('of ten thousand values a thousand are read, the same ones in whatever order they come', () => {
  const groups = Array.from({ length: 10_000 }, (_, index) => `group-${index}`)
  const read = readClaim({ groups }, 'groups')
  expect(read).toHaveLength(1_000)
  expect(readClaim({ groups: groups.toReversed() }, 'groups')).toEqual(read)
})

describe('a claim is there', () => {
  it.each<[string, Claims, boolean]>([
    ['with values', { groups: ['a'] }, true],
    ['with an empty list', { groups: [] }, true],
    ['as null', { groups: null }, false],
    ['under another name', { roles: [] }, false],
  ])('%s: %s', (_, claims, isThere) => {
    expect(hasClaim(claims, 'groups')).toBe(isThere)
  })
})
