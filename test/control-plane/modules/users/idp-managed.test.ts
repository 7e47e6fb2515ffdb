import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../../api.ts'
import { enable, type SignInSetup, startSignIn } from '../../http/signed-in.ts'

let setup: SignInSetup
beforeAll(async () => {
  setup = await startSignIn()
})
afterAll(() => setup.close())

const createUser = (name: string) =>
  setup.api.ask(
    setup.tenant.token,
    'mutation ($name: String!) { createUser(input: {name: $name}) { ... on User { id } } }',
    { name },
  )

describe('creating a user by hand', () => {
  it('is closed while an identity provider is enabled, and says which way is open [S1-05]', async () => {
    const { data, errors } = await createUser('By hand')
    expect(data).toBeNull()
    expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', type: 'idp_managed' })
    expect(errors[0]?.message).toMatch(/"okta".*signs in there once.*directory.*disable it/)
  })

  it('is closed to a configuration file too', async () => {
    const { data, errors } = await setup.api.ask(
      setup.tenant.token,
      `mutation ($document: JSON!) { applyConfiguration(input: {document: $document}) {
        __typename ... on Refusal { code message } } }`,
      { document: { version: 1, users: [{ name: 'From a file', email: 'file@example.com' }] } },
    )
    expect(JSON.stringify({ data, errors })).toContain('identity provider \\"okta\\"')
    const listed = await setup.api.ask(setup.tenant.token, '{ users { edges { node { name } } } }')
    expect(JSON.stringify(listed.data)).not.toContain('From a file')
  })

  it('leaves signing in as it is, and works again once no provider is enabled', async () => {
    const { browser } = await setup.signIn(setup.describePerson('lou', { roles: ['reader'] }))
    expect((await setup.viewerOf(browser)).name).toBe('Person lou')
    await enable(setup.api, setup.tenant, setup.providerId, false)
    const { data } = await createUser('By hand')
    expect(read<{ id: string }>(data, 'createUser').id).toMatch(/^usr_/)
  })
})
