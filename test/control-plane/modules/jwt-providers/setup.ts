import { audience, startTokenIssuer, type TestTokenIssuer } from '../../../environment/token-issuer.ts'
import { read, startApi, type Tenant, type TestApi } from '../../api.ts'

export interface Changed {
  readonly id?: string
  readonly code?: string
  readonly message?: string
  readonly version?: number
  readonly enabled?: boolean
  readonly keyIds?: readonly string[]
  readonly keysProblem?: string | null
}

export interface JwtSetup {
  readonly api: TestApi
  readonly tenant: Tenant
  readonly issuer: TestTokenIssuer
  /** The only one, which gives everybody the role of a viewer. */
  readonly identityProviderId: string
  /** Added to the control plane's clock. */
  readonly clock: { ahead: number }
  /** @returns what is there afterwards, or the code of the refusal */
  change(mutation: string, input: object, by?: Tenant): Promise<Changed>
  /** As the rest of its input usually is: the issuer's keys at their URL. */
  create(input?: object, by?: Tenant): Promise<Changed>
  /** An enabled one, with its keys. @returns its id */
  createEnabled(input?: object): Promise<string>
  read(id: string): Promise<Required<Changed>>
  /** A user who is this subject at the identity provider. @returns their id */
  createPerson(
    subject: string,
    roleId: string,
    by?: { tenant: Tenant; identityProviderId: string },
  ): Promise<string>
  sql(text: string): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

const selection = 'id version enabled keyIds keysProblem'
let count = 0

/** A control plane of one organization, and an issuer of tokens. */
export async function startJwtSetup(): Promise<JwtSetup> {
  const clock = { ahead: 0 }
  const api = await startApi({ now: () => Date.now() + clock.ahead })
  const tenant = await api.createTenant('Acme')
  const issuer = await startTokenIssuer()
  const change: JwtSetup['change'] = async (mutation, input, by = tenant) => {
    const { data, errors } = await api.ask(by.token, documentOf(mutation), { input })
    const [error] = errors
    return error
      ? { code: String(error.extensions.code), message: error.message }
      : read<Changed>(data, mutation)
  }
  const { id: identityProviderId = '' } = await change('createIdentityProvider', {
    ...{ name: 'okta', kind: 'OKTA', issuer: 'https://id.example', clientId: 'client-of-gatehouse' },
    ...{ clientSecret: 'a secret that nobody asks for', defaultRoleId: 'role_viewer' },
  })
  const create: JwtSetup['create'] = (input, by) =>
    change(
      'createJwtProvider',
      {
        ...{ name: `provider ${++count}`, issuer: `${issuer.issuer}/${count}`, identityProviderId },
        ...{ audiences: [audience], algorithm: 'RS256', ...input },
        ...(usesUrl(input) && { jwksUrl: issuer.jwksUrl, trustedNetworks: ['127.0.0.0/8'], ...input }),
      },
      by,
    )
  return {
    ...{ api, tenant, issuer, identityProviderId, clock, change, create },
    async createEnabled(input) {
      const { id = '', message } = await create({ opensControlPlane: true, ...input })
      if (message !== undefined) throw new Error(message)
      if (usesUrl(input)) await change('refreshJwtProviderKeys', { id })
      const { enabled } = await change('setJwtProviderEnabled', { id, enabled: true })
      if (!enabled) throw new Error('the provider was not enabled')
      return id
    },
    async read(id) {
      const { data } = await api.ask(
        tenant.token,
        `query ($id: ID!) { jwtProvider(id: $id) { ${selection} } }`,
        {
          id,
        },
      )
      return read(data, 'jwtProvider')
    },
    async createPerson(subject, roleId, by = { tenant, identityProviderId }) {
      const { id: userId = '' } = await change('createUser', { name: subject }, by.tenant)
      await change('assignRole', { userId, roleId }, by.tenant)
      const link = { userId, identityProviderId: by.identityProviderId, subject }
      const { message } = await change('linkIdentity', link, by.tenant)
      if (message !== undefined) throw new Error(message)
      return userId
    },
    sql: (text) => api.controlPlane.database.transaction(tenant.organizationId, (em) => em.execute(text)),
    async close() {
      await api.close()
      await issuer.close()
    },
  }
}

function usesUrl(input: object = {}): boolean {
  return !('keys' in input || 'secret' in input || 'jwksUrl' in input)
}

const inputTypes: Readonly<Record<string, string>> = {
  deleteJwtProvider: 'ByIdInput',
  refreshJwtProviderKeys: 'ByIdInput',
}

function documentOf(mutation: string): string {
  const type = inputTypes[mutation] ?? `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`
  const shown = mutation.startsWith('delete')
    ? '... on Deleted { id }'
    : mutation.includes('JwtProvider')
      ? `... on JwtProvider { ${selection} }`
      : '... on Node { id }'
  return `mutation ($input: ${type}!) { ${mutation}(input: $input) { __typename
    ${shown} ... on Refusal { code message } } }`
}
