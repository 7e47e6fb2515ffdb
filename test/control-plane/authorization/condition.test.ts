import { describe, expect, it } from 'vitest'
import type { Circumstances, ResourceFacts } from '../../../control-plane/authorization/circumstances.ts'
import { compileCondition } from '../../../control-plane/authorization/condition.ts'
import { conditionFields } from '../../../control-plane/authorization/condition-language.ts'

const now = Date.parse('2030-01-07T12:00:00Z')
const ida: Circumstances = {
  subject: {
    ...{ kind: 'user', id: 'usr_ida', userId: 'usr_ida', personId: 'usr_ida', teamIds: ['team_a'] },
    roleIds: new Set(['role_developer']),
  },
  facts: {
    address: '10.1.2.3',
    session: {
      isMfa: true,
      authenticationMethods: ['pwd', 'otp'],
      authenticationClass: 'urn:two',
      authenticatedAt: now - 600_000,
    },
  },
  now,
}
const token: Circumstances = { ...ida, facts: { address: '2001:db8::1', session: null } }
const key: ResourceFacts = {
  id: 'vk_1',
  workspaceId: 'ws_1',
  userId: 'usr_ida',
  teamId: null,
  customerId: null,
}
const judge = (text: string, who = ida, resource?: ResourceFacts) =>
  compileCondition(text).judge(who, resource)

it('what is not known of a session cannot be decided', () => {
  const { facts } = ida
  const session = facts?.session && { ...facts.session, authenticatedAt: null }
  const who = { ...ida, facts: { address: '10.1.2.3', session: session ?? null } }
  expect(judge('session.secondsSinceSignIn < 900', who)).toBe(undefined)
  expect(judge('session.mfa', who)).toBe(true)
})

describe('a condition', () => {
  it.each([
    ['inNetwork(request.ip, "10.0.0.0/8")', true, false],
    ['inNetwork(request.ip, "10.1.3.0/24") || inNetwork(request.ip, "2001:db8::/32")', false, true],
    ['session.mfa', true, false],
    ['session.signedIn', true, false],
    ['"otp" in session.amr', true, false],
    ['session.amr.exists(method, method.startsWith("o"))', true, false],
    ['session.amr.all(method, method != "sms")', true, true],
    ['session.acr == "urn:two"', true, false],
    ['session.acr.matches("^urn:(one|two)$")', true, false],
    ['session.secondsSinceSignIn <= 600', true, undefined],
    ['session.signedIn && session.secondsSinceSignIn <= 600', true, false],
    ['"role_developer" in actor.roleIds && "team_a" in actor.teamIds', true, true],
    ['actor.kind == "user" ? true : false', true, true],
    ['size(session.amr) > 1', true, false],
    ['has(session.secondsSinceSignIn)', true, false],
    ['!has(session.secondsSinceSignIn) || session.secondsSinceSignIn < 900', true, true],
    ['session.secondsSinceSignIn < 900 || !session.signedIn', true, true],
  ])('%s: %s for Ida, %s for a token', (text, forIda, forToken) => {
    expect([judge(text), judge(text, token)]).toEqual([forIda, forToken])
  })

  it('knows whose thing it is about, and nothing of it before there is one', () => {
    const own = 'resource.ownerUserId == actor.userId'
    expect(judge(own, ida, key)).toBe(true)
    expect(judge(own, ida, { ...key, userId: 'usr_other' })).toBe(false)
    expect(judge(own, ida)).toBeUndefined()
    expect(judge('has(resource.id)', ida)).toBeUndefined()
    expect(compileCondition(own).usesResource).toBe(true)
    expect(compileCondition('session.mfa').usesResource).toBe(false)
  })

  it('is undecided, not false, where nothing is known of the request', () => {
    expect(judge('!session.mfa', { ...ida, facts: undefined })).toBeUndefined()
    expect(
      judge('request.ip != ""', { ...ida, facts: { address: 'unknown', session: null } }),
    ).toBeUndefined()
  })

  it('reads every field that is offered', () => {
    for (const [root, fields] of Object.entries(conditionFields)) {
      for (const field of fields)
        expect(judge(`has(${root}.${field})`, ida, key), `${root}.${field}`).toBe(true)
    }
  })
})

describe('a condition is refused', () => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['session.', /no expression of the Common Expression Language at line 1, column \d+/],
    ['', /no expression/],
    ['session.mfaa', /"session\.mfaa": "session" has "signedIn", "mfa"/],
    ['session', /needs a field behind "session"/],
    ['user.name == "a"', /reads "\.name" of something that has no fields/],
    ['env == "a"', /reads "env": there are "request", "session"/],
    ['session["mfa"]', /uses/],
    ['session.amr.map(x, x) == []', /uses/],
    ['session.amr.filter(x, true) == []', /uses/],
    ['session.amr.exists(a, session.amr.exists(b, a == b))', /a loop within a loop/],
    ['{"a": 1} == {"a": 1}', /builds a value/],
    ['"a" + "b" == "ab"', /uses "\+"/],
    ['session.acr', /must be true or false/],
    ['session.mfa == 1 || session.acr < 1', /cannot be evaluated/],
    ['inNetwork(request.ip, request.ip)', /a text in quotes in "inNetwork"/],
    ['inNetwork(request.ip, "10.0.0.1/8")', /names a network that has bits beyond/],
    ['session.acr.matches("(")', /no regular expression of RE2/],
    [String.raw`session.acr.matches("(a)\\1")`, /no regular expression of RE2/],
    [`session.acr == "${'a'.repeat(1_024)}"`, /at most 1024 characters/],
    [Array.from({ length: 60 }, () => 'session.mfa').join('||'), /more than 100 parts/],
    ['('.repeat(1_000), /no expression|nested too deeply/],
    ['__proto__.x', /no fields/],
    ['session.__proto__', /"session" has/],
    ['session.constructor', /"session" has/],
  ]
  const named = refusals.map(([text, reason]) => [text.slice(0, 60), text, reason] as const)
  it.each(named)('%s', (_, text, reason) => {
    expect(() => compileCondition(text)).toThrow(reason)
  })
})

it('an expression that other engines would take for ever is answered at once', () => {
  const facts = {
    address: '10.1.2.3',
    session: {
      ...{ isMfa: false, authenticationMethods: [], authenticatedAt: 0 },
      authenticationClass: `${'a'.repeat(50_000)}!`,
    },
  }
  expect(judge('session.acr.matches("^(a+)+$")', { ...ida, facts })).toBe(false)
})
