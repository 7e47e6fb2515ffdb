import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemActor } from '../../control-plane/actor.ts'
import { updateClientConfiguration } from '../../control-plane/modules/client-configuration/service.ts'
import { type PeopleSetup, startWithPeople } from './people.ts'

const lacksRole = '403 user_not_authorized: Your roles do not include inference:chat'
const switchedOff = /^403 virtual_key_blocked: /

let people: PeopleSetup

beforeAll(async () => {
  people = await startWithPeople()
  await governByRoles(true)
}, 60_000)
afterAll(() => people.stop())

async function governByRoles(rolesGovernInference: boolean): Promise<void> {
  const { controlPlane, organizationId, applied } = people.gateway
  await updateClientConfiguration(controlPlane.services, systemActor(organizationId), {
    rolesGovernInference,
  })
  await applied()
}

async function reconcile(): Promise<void> {
  expect(await people.reconcile()).toBe('succeeded')
}

async function check(): Promise<void> {
  await people.check()
  await people.gateway.applied()
}

describe('while roles govern inference', () => {
  it('people call as the claims say that they signed in with, and from then on as each check of their session finds them', async () => {
    const person = await people.signIn('promoted', ['readers'])
    const token = await people.accessTokenOf(person)
    for (const one of [person.key, token]) expect(await people.ask(one)).toEqual([lacksRole, lacksRole])

    people.describe('promoted', ['engineers'])
    expect(await people.ask(person.key)).toEqual([lacksRole, lacksRole])
    await check()
    for (const one of [person.key, token]) expect(await people.ask(one)).toEqual(['200', '200'])

    people.describe('promoted', ['readers'])
    await check()
    for (const one of [person.key, token]) expect(await people.ask(one)).toEqual([lacksRole, lacksRole])
  })

  it('their directory takes the role away and gives it back, and switches them off and on', async () => {
    const person = await people.signIn('followed', ['engineers'])
    expect(await people.ask(person.key)).toEqual(['200', '200'])
    people.put('followed', ['readers'])
    await reconcile()
    await people.untilAnswered(person.key, lacksRole)
    people.put('followed', ['engineers'])
    await reconcile()
    await people.untilAnswered(person.key, '200')

    people.put('followed', ['engineers'], { active: false })
    await reconcile()
    await people.untilAnswered(person.key, switchedOff)
    people.put('followed', ['readers'])
    await reconcile()
    await people.untilAnswered(person.key, lacksRole)
    people.put('followed', ['engineers'])
    await reconcile()
    await people.untilAnswered(person.key, '200')
  })

  it.each([
    [
      'a check',
      async () => {
        people.describe('let go by a check', [])
        await people.check()
      },
    ],
    [
      'their directory',
      async () => {
        people.put('let go by their directory', [])
        await reconcile()
      },
    ],
  ])('whom no rule lets in any more, as %s says, calls no more with their keys', async (who, letGo) => {
    const person = await people.signIn(`let go by ${who}`, ['engineers'])
    expect(await people.ask(person.key)).toEqual(['200', '200'])
    await letGo()
    await people.untilAnswered(person.key, lacksRole)
  })

  it('what somebody gave by hand stays when the claims give less', async () => {
    const person = await people.signIn('both', ['readers'])
    await people.mutate('assignRole', { userId: person.userId, roleId: 'role_developer' })
    await people.untilAnswered(person.key, '200')
    people.put('both', ['engineers'])
    await reconcile()
    people.put('both', ['readers'])
    await reconcile()
    await people.gateway.applied()
    expect(await people.ask(person.key)).toEqual(['200', '200'])
  })
})

it('switched on, roles decide also about people who have signed in before, and whose claims changed meanwhile', async () => {
  await governByRoles(false)
  const person = await people.signIn('before', ['readers'])
  expect(await people.ask(person.key)).toEqual(['200', '200'])
  people.describe('before', ['engineers'])
  await check()
  await governByRoles(true)
  expect(await people.ask(person.key)).toEqual(['200', '200'])
  people.describe('before', ['readers'])
  await check()
  expect(await people.ask(person.key)).toEqual([lacksRole, lacksRole])
})
