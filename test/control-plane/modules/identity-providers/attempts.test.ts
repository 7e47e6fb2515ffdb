import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { systemActor } from '../../../../control-plane/actor.ts'
import {
  type Attempt,
  beginAttempt,
  takeAttempt,
} from '../../../../control-plane/modules/identity-providers/index.ts'
import { createIdentityProvider } from '../../../../control-plane/modules/identity-providers/service.ts'
import type { ServiceContext } from '../../../../control-plane/service-context.ts'
import {
  createInstallation,
  createOrganization,
  type Installation,
  quietServices,
} from '../../organization.ts'

let installation: Installation
let services: ServiceContext
let attempt: Attempt
let clock = Date.parse('2026-11-29T12:00:00Z')

beforeAll(async () => {
  installation = await createInstallation()
  services = quietServices(installation, () => clock)
})
afterAll(() => installation.close())

beforeEach(async () => {
  const organizationId = await createOrganization(installation)
  const { id: providerId } = await createIdentityProvider(services, systemActor(organizationId), {
    ...{ name: 'okta', kind: 'okta', issuer: 'https://id.example.com' },
    ...{ clientId: 'gatehouse', clientSecret: 'a secret' },
  })
  const secrets = { state: 'the-state', nonce: 'the-nonce', codeVerifier: 'the-verifier' }
  attempt = { organizationId, providerId, returnTo: '/', ...secrets }
})

it('a sign-in is taken up once, by its ticket, and only while it is young', async () => {
  const ticket = await beginAttempt(services, attempt)
  expect(await takeAttempt(services, ticket)).toEqual(attempt)
  expect(await takeAttempt(services, ticket)).toBeNull()
  const late = await beginAttempt(services, attempt)
  clock += 600_000
  expect(await takeAttempt(services, late)).toBeNull()
})

it.each(['', '.', 'org_1', 'org_1.', '.x', 'a.b.c', `org_1.${'x'.repeat(300)}`])(
  'no sign-in has the ticket %j',
  async (ticket) => {
    expect(await takeAttempt(services, ticket)).toBeNull()
  },
)

it('however many sign-ins somebody begins, so many are kept: the last ones', async () => {
  const tickets: string[] = []
  for (let count = 0; count < 6; count++) {
    clock += 1
    tickets.push(await beginAttempt(services, attempt, { most: 3 }))
  }
  const taken = []
  for (const ticket of tickets) taken.push((await takeAttempt(services, ticket)) !== null)
  expect(taken).toEqual([false, false, false, true, true, true])
})

it('nothing that is stored of a sign-in shows its secrets', async () => {
  const ticket = await beginAttempt(services, attempt)
  const rows = await installation.database.transaction(attempt.organizationId, (em) =>
    em.execute('select to_jsonb(attempt)::text as row from sign_in_attempts attempt'),
  )
  const text = JSON.stringify(rows)
  for (const secret of ['the-state', 'the-nonce', 'the-verifier', ticket.split('.')[1] ?? ''])
    expect(text).not.toContain(secret)
})
