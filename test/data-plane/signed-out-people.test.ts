import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemActor } from '../../control-plane/actor.ts'
import { updateUser } from '../../control-plane/modules/users/service.ts'
import { markRestored } from '../../control-plane/restored.ts'
import { audience, signToken } from '../environment/token-issuer.ts'
import { eventually } from '../transport/poll.ts'
import { type PeopleSetup, type Person, startWithPeople } from './people.ts'

const secrets = {
  /** Whose tokens name people as the identity provider with the directory does. */
  'https://portal.example': 'a secret of forty characters, and random',
  /** Whose tokens name people as another identity provider does. */
  'https://other.example': 'another secret of forty characters, too!',
}
type Issuer = keyof typeof secrets

let people: PeopleSetup
let otherProviderId: string

beforeAll(async () => {
  people = await startWithPeople()
  const other = await people.mutate('createIdentityProvider', {
    ...{ name: 'other', kind: 'OKTA', issuer: 'https://id.example', clientId: 'gatehouse-there' },
    clientSecret: 'a secret that nobody asks for',
  })
  otherProviderId = other.id
  await enable(otherProviderId)
  await createJwtProvider('https://portal.example', people.providerId)
  await createJwtProvider('https://other.example', otherProviderId)
}, 60_000)
afterAll(() => people.stop())

/** As if it had been verified: nobody signs in by it. */
async function enable(identityProviderId: string): Promise<void> {
  const { controlPlane, organizationId } = people.gateway
  await controlPlane.database.transaction(organizationId, (em) =>
    em.execute('update identity_providers set enabled = true, verified_at = created_at where id = ?', [
      identityProviderId,
    ]),
  )
}

async function createJwtProvider(issuer: Issuer, identityProviderId: string): Promise<void> {
  const { id } = await people.mutate('createJwtProvider', {
    ...{ name: issuer, issuer, identityProviderId, audiences: [audience] },
    ...{ algorithm: 'HS256', secret: secrets[issuer] },
  })
  await people.mutate('setJwtProviderEnabled', { id, enabled: true })
}

const jwtOf = ({ login }: Person, issuer: Issuer = 'https://portal.example') =>
  signToken(issuer, login, { key: Buffer.from(secrets[issuer]) })

const refused = /^401 authentication_required: /
/** As whoever is active is told. */
const signedOut = /^401 authentication_required: This access token is from before its user was signed out/
/** The same, once its session was taken away too. */
const sessionEnded =
  /^401 authentication_required: (The session of this access token has ended|This access token is from before)/

/** An access token and one of a JWT provider, with both of which they call. */
async function tokensOf(person: Person) {
  const tokens = { access: await people.accessTokenOf(person), jwt: await jwtOf(person) }
  for (const token of Object.values(tokens)) await people.untilAnswered(token, '200')
  return tokens
}

async function setActive({ userId }: Person, active: boolean): Promise<void> {
  const { controlPlane, organizationId } = people.gateway
  await updateUser(controlPlane.services, systemActor(organizationId), { id: userId, active })
}

/** Why sessions of somebody were ended. */
async function endReasons({ userId }: Person): Promise<unknown[]> {
  const { controlPlane, organizationId } = people.gateway
  const events = await controlPlane.database.transaction(organizationId, (em) =>
    em.execute<{ reason: string }[]>(
      `select details->>'reason' as reason from audit_events
       where type = 'session.ended' and details->>'userId' = ?`,
      [userId],
    ),
  )
  return events.map(({ reason }) => reason)
}

/** A second is the unit of a token's time: one that is made within the same second is from before. */
async function nextSecond(): Promise<void> {
  const next = Math.ceil(Date.now() / 1_000)
  await eventually('the next second', async () => Date.now() > next * 1_000 || undefined)
}

describe('tokens of somebody whose sessions a check or a directory ends are refused, those of JWT providers too', () => {
  it('once no rule lets them in any more, as their session’s check says (user_not_authorized)', async () => {
    const person = await people.signIn('unmapped', ['engineers'])
    const tokens = await tokensOf(person)
    people.describe('unmapped', [])
    await people.check()
    expect(await endReasons(person)).toEqual(['user_not_authorized'])
    await people.untilAnswered(tokens.access, sessionEnded)
    await people.untilAnswered(tokens.jwt, signedOut)
    await nextSecond()
    await people.untilAnswered(await jwtOf(person), '200')
  })

  it('once no rule lets them in any more, as their directory says (user_not_authorized)', async () => {
    const person = await people.signIn('moved', ['engineers'])
    const tokens = await tokensOf(person)
    people.put('moved', [])
    expect(await people.reconcile()).toBe('succeeded')
    expect(await endReasons(person)).toEqual(['user_not_authorized'])
    await people.untilAnswered(tokens.access, sessionEnded)
    await people.untilAnswered(tokens.jwt, signedOut)
  })

  it('while they are switched off, and when they are on again (user_inactive)', async () => {
    const person = await people.signIn('off', ['engineers'])
    const tokens = await tokensOf(person)
    await setActive(person, false)
    await people.check()
    expect(await endReasons(person)).toEqual(['user_inactive'])
    for (const token of Object.values(tokens)) await people.untilAnswered(token, refused)
    await setActive(person, true)
    await people.untilAnswered(person.key, '200')
    await people.untilAnswered(tokens.access, sessionEnded)
    await people.untilAnswered(tokens.jwt, signedOut)
  })

  it.each([
    ['directory_gone', () => people.remove('directory_gone')],
    ['directory_inactive', () => people.put('directory_inactive', ['engineers'], { active: false })],
  ])('while their directory has them no more, and when it has them again (%s)', async (reason, leave) => {
    const person = await people.signIn(reason, ['engineers'])
    const tokens = await tokensOf(person)
    leave()
    expect(await people.reconcile()).toBe('succeeded')
    expect(await endReasons(person)).toEqual([reason])
    for (const token of Object.values(tokens)) await people.untilAnswered(token, refused)
    people.put(reason, ['engineers'])
    expect(await people.reconcile()).toBe('succeeded')
    await people.untilAnswered(person.key, '200')
    await people.untilAnswered(tokens.access, sessionEnded)
    await people.untilAnswered(tokens.jwt, signedOut)
  })

  it('also where another identity provider knows them still, by which they stay active (directory_gone)', async () => {
    const person = await people.signIn('elsewhere', ['engineers'])
    await people.mutate('linkIdentity', {
      ...{ userId: person.userId, identityProviderId: otherProviderId, subject: person.login },
    })
    const tokens = await tokensOf(person)
    const byOther = await jwtOf(person, 'https://other.example')
    await people.untilAnswered(byOther, '200')
    people.remove('elsewhere')
    expect(await people.reconcile()).toBe('succeeded')
    expect(await endReasons(person)).toEqual(['directory_gone'])
    await people.untilAnswered(person.key, '200')
    await people.untilAnswered(tokens.access, sessionEnded)
    await people.untilAnswered(tokens.jwt, refused)
    await people.untilAnswered(byOther, signedOut)
    await nextSecond()
    await people.untilAnswered(await jwtOf(person, 'https://other.example'), '200')
  })
})

it('tokens of everybody are refused once a backup was restored, which knows nobody who left since', async () => {
  const person = await people.signIn('restored', ['engineers'])
  const tokens = await tokensOf(person)
  await markRestored(people.gateway.controlPlane.database, null)
  for (const token of Object.values(tokens)) await people.untilAnswered(token, signedOut)
  await people.untilAnswered(person.key, '200')
})
