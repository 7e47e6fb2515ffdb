import { type Answer, read } from '../../api.ts'
import { type Mutation, type Result, startTenantApi, type TenantApi } from '../tenant-api.ts'

/** An organization with what the tests of roles do most: making roles, tokens, users and assignments. */
export interface RoleApi extends TenantApi {
  createRole(input: object): Promise<Result>
  updateRole(input: object): Promise<Result>
  /** The secret of a new token; throws when it is refused. */
  issue(input: object): Promise<string>
  createUser(input: object): Promise<string>
  assign(input: object): Promise<Result>
  /** A mutation with another token than the admin's. */
  mutateAs(token: string, mutation: Mutation, input: object): Promise<Answer & { result: Result }>
  permissionsOf(token: string): Promise<string[]>
}

const mutation = (field: string, selection: string): Mutation => ({
  field,
  input: `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`,
  selection,
})
const missing = '... on RightsExceeded { missingPermissions }'

export const createRole = mutation('createRole', `... on Role { id permissions } ${missing}`)
export const updateRole = mutation('updateRole', `... on Role { id permissions } ${missing}`)
export const assignRole = mutation('assignRole', `... on RoleAssignment { id expiresAt } ${missing}`)
export const issueApiToken = mutation(
  'issueApiToken',
  `... on IssuedApiToken { secret apiToken { id } } ${missing}`,
)
export const deleteRole: Mutation = {
  field: 'deleteRole',
  input: 'ByIdInput',
  selection: '... on Deleted { id }',
}

export async function startRoleApi(
  options: { now?: () => number; ormFilter?: boolean } = {},
): Promise<RoleApi> {
  const tenantApi = await startTenantApi(options)
  const { api, tenant } = tenantApi
  const mutateAs: RoleApi['mutateAs'] = async (token, { field, input, selection }, variables) => {
    const document = `mutation($input: ${input}!) { ${field}(input: $input) { ${selection} __typename ... on Refusal { code message } } }`
    const answer = await api.ask(token, document, { input: variables })
    return { ...answer, result: (answer.data?.[field] ?? {}) as Result }
  }
  const asAdmin = async (what: Mutation, input: object) => (await mutateAs(tenant.token, what, input)).result
  return {
    ...tenantApi,
    mutateAs,
    createRole: (input) => asAdmin(createRole, { permissions: [], ...input }),
    updateRole: (input) => asAdmin(updateRole, input),
    assign: (input) => asAdmin(assignRole, input),
    async issue(input) {
      const result = await asAdmin(issueApiToken, { name: 'test', ...input })
      if (typeof result.secret !== 'string') throw new Error(JSON.stringify(result))
      return result.secret
    },
    async createUser(input) {
      return (await asAdmin(mutation('createUser', '... on User { id }'), input)).id
    },
    async permissionsOf(token) {
      const { data } = await api.ask(token, '{ viewer { permissions } }')
      return read<{ permissions: string[] }>(data, 'viewer').permissions
    },
  }
}
