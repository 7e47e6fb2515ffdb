import type { ControlPlane } from '../../../control-plane/app.ts'
import { Browser } from '../../environment/browser.ts'
import { startIdentityProvider, type TestIdentityProvider } from '../../environment/identity-provider.ts'
import { read, startApi, type Tenant, type TestApi } from '../api.ts'

export interface SignInSetup extends SignInPlace {
  readonly api: TestApi
  close(): Promise<void>
}

/** An identity provider, at which the organization's people sign in. */
export interface SignInPlace {
  readonly tenant: Tenant
  readonly identityProvider: TestIdentityProvider
  /** The enabled provider "okta", which maps the claim `roles` to roles and `groups` to teams. */
  readonly providerId: string
  /** Of the control plane. */
  readonly url: string
  /** Signs somebody in with a browser, a new one unless given. */
  signIn(login: string, browser?: Browser): Promise<{ browser: Browser; status: number; page: string }>
  /** As far as the identity provider's answer, which is not taken to the control plane yet. */
  answerFor(login: string, browser: Browser, query?: string): Promise<string>
  /** Has the identity provider say this of somebody. @returns their login */
  describePerson(login: string, claims: Record<string, unknown>): string
  viewerOf(browser: Browser): Promise<ViewerAnswer>
  /** Asks as the browser's session. */
  ask(
    browser: Browser,
    query: string,
    variables?: object,
  ): Promise<{ status: number; data: Record<string, unknown> | null; errors: { message: string }[] }>
}

/** As far as signing in asks for one. */
export type SignInApi = Pick<TestApi, 'ask'> & { readonly controlPlane: Pick<ControlPlane, 'url'> }

const createProviderDocument = `mutation ($input: CreateIdentityProviderInput!) {
  createIdentityProvider(input: $input) {
    ... on IdentityProvider { id callbackUrl enabled verifiedAt }
    ... on Refusal { code message }
  }
}`

export interface SignInOptions extends NonNullable<Parameters<typeof startApi>[0]>, ProviderOptions {}

interface ProviderOptions {
  /** What the identity provider's issuer has behind its host. */
  readonly path?: string | undefined
  /** Of the provider as it is configured, in place of what it is unless said. */
  readonly provider?: object | undefined
}

/** A control plane and a real identity provider, at which the organization's people sign in. */
export async function startSignIn({ path, provider, ...options }: SignInOptions = {}): Promise<SignInSetup> {
  const api = await startApi(options)
  const tenant = await api.createTenant('Acme')
  const place = await startProvider(api, tenant, { path, provider })
  return {
    ...{ api, ...place },
    async close() {
      await api.close()
      await place.identityProvider.close()
    },
  }
}

/** A real identity provider for people of this organization, which the caller closes. */
export async function startProvider(
  api: SignInApi,
  tenant: Tenant,
  { path, provider }: ProviderOptions = {},
): Promise<SignInPlace> {
  const { url } = api.controlPlane
  const of = `${url}/auth/oidc/okta`
  const identityProvider = await startIdentityProvider({
    ...{ path, redirectUri: `${of}/callback/${tenant.organizationId}` },
    backChannelLogoutUri: `${of}/back-channel-logout?organization=${tenant.organizationId}`,
  })
  const { issuer, clientId, clientSecret } = identityProvider
  const providerId = await createProvider(api, tenant, {
    ...{ name: 'okta', kind: 'OKTA', issuer, clientId, clientSecret },
    roleRules: [
      { claim: 'roles', value: 'gatehouse-admin', roleId: 'role_admin' },
      { claim: 'roles', value: 'engineer', roleId: 'role_developer' },
      { claim: 'roles', value: 'reader', roleId: 'role_viewer' },
    ],
    teamRules: [{ claim: 'groups', value: '*', team: '*' }],
    teamWorkspaceId: tenant.workspaceId,
    ...provider,
  })

  const ask: SignInSetup['ask'] = async (browser, query, variables = {}) => {
    const response = await browser.request(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    })
    const { data = null, errors = [] } = (await response.json()) as Partial<Awaited<ReturnType<typeof ask>>>
    return { status: response.status, data, errors }
  }
  return {
    ...{ tenant, identityProvider, providerId, url, ask },
    async answerFor(login, browser, query = '') {
      const start = `${of}/login?organization=${tenant.organizationId}${query}`
      const stopAt = (at: string) => at.startsWith(`${of}/callback`)
      return (await browser.visit(start, { login, stopAt })).url
    },
    describePerson(login, claims) {
      identityProvider.people.set(login, { name: `Person ${login}`, ...claims })
      return login
    },
    async viewerOf(browser) {
      const { data } = await ask(browser, viewerQuery)
      return read(data, 'viewer')
    },
    async signIn(login, browser = new Browser()) {
      const { response } = await browser.visit(
        `${url}/auth/oidc/okta/login?organization=${tenant.organizationId}`,
        {
          login,
        },
      )
      return { browser, status: response?.status ?? 0, page: (await response?.text()) ?? '' }
    },
  }
}

/** One that is verified and enabled. @returns its id */
export async function createProvider(api: SignInApi, tenant: Tenant, input: object): Promise<string> {
  const created = await api.ask(tenant.token, createProviderDocument, {
    input: { trustedNetworks: ['127.0.0.0/8'], ...input },
  })
  const { id } = read<{ id: string }>(created.data, 'createIdentityProvider')
  const verified = await api.ask(
    tenant.token,
    `mutation ($id: ID!) { verifyIdentityProvider(input: {id: $id}) { ... on IdentityProviderVerification { ok checks { name ok message } } } }`,
    { id },
  )
  const { ok } = read<{ ok: boolean }>(verified.data, 'verifyIdentityProvider')
  if (!ok) throw new Error(`the identity provider does not verify: ${JSON.stringify(verified.data)}`)
  await enable(api, tenant, id, true)
  return id
}

export async function enable(
  api: SignInApi,
  { token }: Tenant,
  id: string,
  enabled: boolean,
): Promise<Record<string, unknown>> {
  const { data } = await api.ask(
    token,
    `mutation ($input: SetIdentityProviderEnabledInput!) { setIdentityProviderEnabled(input: $input) {
      ... on IdentityProvider { enabled } ... on Refusal { code } } }`,
    { input: { id, enabled } },
  )
  return read(data, 'setIdentityProviderEnabled')
}

export const viewerQuery = `{ viewer { name role { name } user { id email memberships { edges { node { source team { name } } } } } permissions } }`

export interface ViewerAnswer {
  readonly name: string
  readonly role: { readonly name: string }
  readonly user: {
    readonly id: string
    readonly email: string | null
    readonly memberships: { readonly edges: readonly { node: { source: string; team: { name: string } } }[] }
  }
  readonly permissions: readonly string[]
}

export function nodesOf<T>(data: Record<string, unknown> | null, field: string): T[] {
  return read<{ edges: { node: T }[] }>(data, field).edges.map(({ node }) => node)
}

export interface RecordedEnd {
  readonly actor: { readonly kind: string; readonly id: string }
  readonly subject: { readonly id: string }
  readonly details: Readonly<Record<string, unknown>>
}

/** What the audit log has of ends of a user's sessions, the earliest first. */
export async function endsOf(
  { api, tenant }: Pick<SignInSetup, 'api' | 'tenant'>,
  userId: string,
): Promise<RecordedEnd[]> {
  const { data } = await api.ask(
    tenant.token,
    '{ auditEvents(filter: {type: "session.ended"}) { edges { node { actor { kind id } subject { id } details } } } }',
  )
  const ends = nodesOf<RecordedEnd>(data, 'auditEvents')
  return ends.filter(({ details }) => details.userId === userId).toReversed()
}
