import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser } from '../../environment/browser.ts'
import { read } from '../api.ts'
import { type SignInSetup, startSignIn } from '../http/signed-in.ts'
import { type Subscriber, subscribeAs } from './event-stream.ts'

let setup: SignInSetup
const open: Subscriber[] = []
beforeAll(async () => {
  setup = await startSignIn()
}, 60_000)
afterAll(async () => {
  for (const subscriber of open) await subscriber.close()
  await setup.close()
})

const follows = 'subscription { auditRecorded { type } }'
let count = 0

async function follow(): Promise<{ browser: Browser; stream: Subscriber; userId: string }> {
  const login = setup.describePerson(`follower${++count}`, { roles: ['gatehouse-admin'] })
  const { browser } = await setup.signIn(login)
  const stream = await subscribeAs(browser, setup.url, follows)
  open.push(stream)
  const { user } = await setup.viewerOf(browser)
  return { browser, stream, userId: user.id }
}

const asAdmin = async (document: string, variables: object) => {
  const { data, errors } = await setup.api.ask(setup.tenant.token, document, variables)
  if (errors.length > 0) throw new Error(errors[0]?.message)
  return data
}

/** The code with which the stream ends; what it tells before is passed over. */
async function codeOfEnd(stream: Subscriber): Promise<unknown> {
  for (;;) {
    const result = await stream.next()
    if (result === undefined) return 'ended without a word'
    const [error] = result.errors ?? []
    if (error) return error.extensions.code
  }
}

describe('a person who follows what happens', () => {
  const ends: readonly (readonly [
    string,
    string,
    (followed: Awaited<ReturnType<typeof follow>>) => Promise<unknown>,
  ])[] = [
    [
      'a session that is revoked',
      'UNAUTHENTICATED',
      async ({ browser }) => {
        const { data } = await setup.ask(browser, '{ sessions { id } }')
        const [session] = read<{ id: string }[]>(data, 'sessions')
        await asAdmin('mutation ($id: ID!) { revokeSession(input: {id: $id}) { __typename } }', {
          ...session,
        })
      },
    ],
    [
      'a role that is taken away',
      'UNAUTHENTICATED',
      async ({ userId }) => {
        const query = 'query ($id: ID!) { node(id: $id) { ... on User { roleAssignments { id } } } }'
        const data = await asAdmin(query, { id: userId })
        const [assignment] = read<{ roleAssignments: { id: string }[] }>(data, 'node').roleAssignments
        await asAdmin('mutation ($id: ID!) { removeRoleAssignment(input: {id: $id}) { __typename } }', {
          ...assignment,
        })
      },
    ],
    [
      'a policy that denies',
      'FORBIDDEN',
      ({ userId }) =>
        asAdmin(
          'mutation ($input: CreateAccessPolicyInput!) { createAccessPolicy(input: $input) { __typename } }',
          {
            input: {
              ...{ name: 'nothing to follow', effect: 'DENY_WHEN' },
              ...{ permissions: ['audit_logs:view'], userIds: [userId] },
            },
          },
        ),
    ],
  ]
  it.each(ends)(
    '%s ends the stream under way, before the next event',
    async (_, code, end) => {
      const followed = await follow()
      await end(followed)
      expect(await codeOfEnd(followed.stream)).toBe(code)
    },
    60_000,
  )
})
