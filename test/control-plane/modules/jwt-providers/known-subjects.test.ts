import { afterAll, beforeAll, expect, it } from 'vitest'
import { subjectDigest } from '../../../../contract/subject-digest.ts'
import { read } from '../../api.ts'
import { type SignInSetup, startSignIn } from '../../http/signed-in.ts'

let setup: SignInSetup
beforeAll(async () => {
  setup = await startSignIn()
})
afterAll(() => setup.close())

/** How issuers name somebody, as data planes are told. */
async function subjectsOf(userId: string): Promise<unknown> {
  const { database } = setup.api.controlPlane
  const rows = await database.transaction(setup.tenant.organizationId, (em) =>
    em.execute<{ subjects: string[] }[]>(
      `select document->'subjects' as subjects from config_entities where kind = 'token_holder' and id = ?`,
      [userId],
    ),
  )
  return rows[0]?.subjects ?? []
}

it('whoever signs in for the first time is known to the JWT providers of their identity provider until they are unlinked', async () => {
  const { api, tenant, providerId } = setup
  const created = await api.ask(
    tenant.token,
    `mutation ($input: CreateJwtProviderInput!) { createJwtProvider(input: $input) { ... on JwtProvider { id } } }`,
    {
      input: {
        ...{ name: 'tokens', issuer: 'https://tokens.example', identityProviderId: providerId },
        ...{ audiences: ['api://gatehouse'], algorithm: 'HS256' },
        secret: 'a secret of forty characters, and random',
      },
    },
  )
  const { id } = read<{ id: string }>(created.data, 'createJwtProvider')
  const { browser } = await setup.signIn(setup.describePerson('new', { roles: ['reader'] }))
  const { user } = await setup.viewerOf(browser)
  expect(await subjectsOf(user.id)).toEqual([subjectDigest(id, 'new')])
  const input = { userId: user.id, identityProviderId: providerId, subject: 'new' }
  const { errors } = await api.ask(
    tenant.token,
    'mutation ($input: UnlinkIdentityInput!) { unlinkIdentity(input: $input) { __typename } }',
    { input },
  )
  expect(errors).toEqual([])
  expect(await subjectsOf(user.id)).toEqual([])
})
