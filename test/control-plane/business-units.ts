import { read, type Tenant, type TestApi } from './api.ts'
import { nodesOf } from './http/signed-in.ts'

/** A customer with business units of these names. */
export async function createUnits(
  api: TestApi,
  { token, workspaceId }: Tenant,
  customer: string,
  names: readonly string[],
): Promise<{ customerId: string; ids: string[] }> {
  const create = async (mutation: string, type: string, input: object) => {
    const document = `mutation ($input: Create${type}Input!) { ${mutation}(input: $input) { ... on ${type} { id } } }`
    const { data } = await api.ask(token, document, { input })
    return read<{ id: string }>(data, mutation).id
  }
  const customerId = await create('createCustomer', 'Customer', { workspaceId, name: customer })
  const ids: string[] = []
  for (const name of names) ids.push(await create('createBusinessUnit', 'BusinessUnit', { customerId, name }))
  return { customerId, ids }
}

/** The business units of a user: `IDP Research`, once for each source. */
export async function unitsOf(api: TestApi, { token }: Tenant, userId: string): Promise<string[]> {
  const { data } = await api.ask(
    token,
    'query ($id: ID!) { user(id: $id) { memberships { edges { node { source businessUnit { name } } } } } }',
    { id: userId },
  )
  const { memberships } = read<{ memberships: Record<string, unknown> }>(data, 'user')
  return nodesOf<{ source: string; businessUnit: { name: string } | null }>({ memberships }, 'memberships')
    .flatMap(({ source, businessUnit }) => (businessUnit ? `${source} ${businessUnit.name}` : []))
    .sort()
}
