import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allPermissions } from '../../../../contract/permissions.ts'
import { startTenantApi, type TenantApi } from '../tenant-api.ts'

let context: TenantApi
beforeAll(async () => {
  context = await startTenantApi()
})
afterAll(() => context.close())

describe('the catalogue of permissions', () => {
  it('names all there are and says what each kind of thing is [X0-01]', async () => {
    const { permissionCatalog } = await context.query<{
      permissionCatalog: { resource: string; operations: string[]; description: string }[]
    }>('{ permissionCatalog { resource operations description } }')
    const named = permissionCatalog.flatMap(({ resource, operations }) =>
      operations.map((operation) => `${resource}:${operation}`),
    )
    expect(named).toEqual(allPermissions)
    for (const { description } of permissionCatalog) expect(description).toMatch(/^[A-Z].+\.$/)
  })

  it('is counted for each role, inherited permissions included [X0-04]', async () => {
    const { roles } = await context.query<{
      roles: { edges: { node: { permissionCount: number; permissions: string[]; name: string } }[] }
    }>('{ roles { edges { node { name permissionCount permissions } } } }')
    expect(roles.edges).toHaveLength(3)
    for (const { node } of roles.edges) expect(node.permissionCount).toBe(node.permissions.length)
    expect(roles.edges.find(({ node }) => node.name === 'admin')?.node.permissionCount).toBe(
      allPermissions.length,
    )
  })
})
