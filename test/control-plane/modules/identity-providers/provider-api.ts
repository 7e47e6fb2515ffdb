import { read, type Tenant, type TestApi } from '../../api.ts'

export interface Result {
  readonly id?: string
  readonly code?: string
  readonly message?: string
  readonly enabled?: boolean
  readonly verifiedAt?: string | null
  readonly ok?: boolean
  readonly checks?: readonly { name: string; ok: boolean; message: string }[]
}

export interface ProviderApi {
  /** @returns what the mutation did, or the code of its refusal */
  change(mutation: string, input: object, selection?: string, token?: string): Promise<Result>
  /** Of another identity provider each time, unless said. */
  settings(more?: object): object
  /** A token of a role with these permissions and no other. */
  tokenWith(permissions: readonly string[]): Promise<string>
}

/** What a test of identity providers asks the API for, with the admin's token unless said. */
export function providerApi(
  api: TestApi,
  tenant: Tenant,
  client: { readonly issuer: string; readonly clientId: string; readonly clientSecret: string },
): ProviderApi {
  let count = 0
  const change: ProviderApi['change'] = async (
    mutation,
    input,
    selection = '... on IdentityProvider { id enabled verifiedAt }',
    token = tenant.token,
  ) => {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`
    const document = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${selection} ... on Refusal { code message } } }`
    const { data, errors } = await api.ask(token, document, { input })
    const [error] = errors
    return error
      ? { code: String(error.extensions.code), message: error.message }
      : read<Result>(data, mutation)
  }
  return {
    change,
    settings(more = {}) {
      const { issuer, clientId, clientSecret } = client
      const name = `provider-${++count}`
      return { name, kind: 'OIDC', issuer, clientId, clientSecret, trustedNetworks: ['127.0.0.0/8'], ...more }
    },
    async tokenWith(permissions) {
      const role = await change('createRole', { name: `role ${++count}`, permissions }, '... on Role { id }')
      const { data } = await api.ask(
        tenant.token,
        `mutation ($input: IssueApiTokenInput!) { issueApiToken(input: $input) { ... on IssuedApiToken { secret } } }`,
        { input: { name: 'limited', roleId: role.id } },
      )
      return read<{ secret: string }>(data, 'issueApiToken').secret
    },
  }
}
