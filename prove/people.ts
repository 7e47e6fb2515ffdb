import { issueKey, type TestKey } from '../test/acceptance/keys.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import { Browser } from '../test/environment/browser.ts'
import { startIdentityProvider, type TestIdentityProvider } from '../test/environment/identity-provider.ts'

/** Somebody who is signed in, with a key of their own and an access token. */
export interface Person {
  readonly login: string
  readonly userId: string
  readonly sessionId: string
  readonly key: TestKey
  readonly accessToken: string
}

/** An identity provider at which the people of the organization sign in with a browser. */
export class People {
  readonly identityProvider: TestIdentityProvider
  readonly #planes: Planes

  private constructor(identityProvider: TestIdentityProvider, planes: Planes) {
    this.identityProvider = identityProvider
    this.#planes = planes
  }

  static async begin(planes: Planes): Promise<People> {
    const { viewer } = await planes.graphql<{ viewer: { organization: { id: string } } }>(
      '{ viewer { organization { id } } }',
    )
    const callback = `${planes.controlPlane.address('url')}/auth/oidc/people/callback`
    const redirectUri = `${callback}/${viewer.organization.id}`
    const identityProvider = await startIdentityProvider({ redirectUri })
    const { issuer, clientId, clientSecret } = identityProvider
    const { createIdentityProvider: created } = await planes.graphql<{
      createIdentityProvider: { id: string }
    }>(
      `mutation ($input: CreateIdentityProviderInput!) { createIdentityProvider(input: $input) { ... on IdentityProvider { id } } }`,
      {
        input: {
          ...{
            name: 'people',
            kind: 'OIDC',
            issuer,
            clientId,
            clientSecret,
            trustedNetworks: ['127.0.0.0/8'],
          },
          roleRules: [{ claim: 'roles', value: 'reader', roleId: 'role_viewer' }],
        },
      },
    )
    const { id } = created
    for (const step of [
      'verifyIdentityProvider(input: {id: $id}) { __typename }',
      'setIdentityProviderEnabled(input: {id: $id, enabled: true}) { ... on IdentityProvider { enabled } }',
    ]) {
      await planes.graphql(`mutation ($id: ID!) { ${step} }`, { id })
    }
    return new People(identityProvider, planes)
  }

  /** They have their first token when data planes take it. */
  async signIn(login: string): Promise<Person> {
    const url = this.#planes.controlPlane.address('url')
    this.identityProvider.people.set(login, { name: login, roles: ['reader'] })
    const browser = new Browser()
    await browser.visit(`${url}/auth/oidc/people/login`, { login })
    const ask = async <Data>(query: string): Promise<Data> => {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ query })
      const response = await browser.request(`${url}/graphql`, { method: 'POST', headers, body })
      const { data, errors } = (await response.json()) as { data?: Data; errors?: unknown }
      if (!data) throw new Error(`${login}: ${JSON.stringify(errors)}`)
      return data
    }
    const found = await ask<{ viewer: { user: { id: string } }; sessions: { id: string }[] }>(
      '{ viewer { user { id } } sessions { id } }',
    )
    const userId = found.viewer.user.id
    const key = await issueKey(this.#planes, this.#planes.demo, {
      name: `key of ${login}`,
      owner: { userId },
    })
    const response = await browser.request(`${url}/auth/token`, { method: 'POST', headers: { origin: url } })
    const { access_token: accessToken } = (await response.json()) as { access_token: string }
    return { ...{ login, userId, key, accessToken }, sessionId: found.sessions[0]?.id ?? '' }
  }

  close(): Promise<void> {
    return this.identityProvider.close()
  }
}
