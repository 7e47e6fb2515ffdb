import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../../control-plane/db/database.ts'
import { newId } from '../../../control-plane/db/id.ts'
import { CustomerEntity } from '../../../control-plane/modules/customers/entity.ts'
import { OrganizationEntity } from '../../../control-plane/modules/organizations/entity.ts'
import { WorkspaceEntity } from '../../../control-plane/modules/workspaces/entity.ts'
import { createDatabase, type TestDatabase } from '../../environment/index.ts'

let testDatabase: TestDatabase

beforeAll(async () => {
  testDatabase = await createDatabase()
})

afterAll(() => testDatabase.drop())

async function seedOrganization(database: Database, name: string) {
  const organizationId = newId('org')
  const createdAt = new Date()
  await database.transaction(organizationId, async (em) => {
    await em.insert(OrganizationEntity, { id: organizationId, name, createdAt })
    for (const workspace of ['one', 'two']) {
      const workspaceId = newId('ws')
      await em.insert(WorkspaceEntity, { id: workspaceId, organizationId, name: workspace, createdAt })
      await em.insert(CustomerEntity, {
        id: newId('cus'),
        organizationId,
        workspaceId,
        name: `customer in ${workspace}`,
        createdAt,
      })
    }
  })
  return organizationId
}

describe.each([{ ormFilter: true }, { ormFilter: false }])('tenancy, ormFilter: $ormFilter', (options) => {
  let database: Database
  let own: string
  let foreign: string

  beforeAll(async () => {
    database = await openDatabase({ url: testDatabase.applicationUrl, ...options })
    own = await seedOrganization(database, 'own')
    foreign = await seedOrganization(database, 'foreign')
  })

  afterAll(() => database.close())

  it('a transaction reads the rows of its organization alone', async () => {
    const organizations = await database.transaction(own, (em) => em.find(OrganizationEntity, {}))
    expect(organizations.map(({ id }) => id)).toEqual([own])
    const customers = await database.transaction(own, (em) => em.find(CustomerEntity, {}))
    expect(customers.map(({ organizationId }) => organizationId)).toEqual([own, own])
  })

  it('a transaction cannot update, delete or insert the rows of another organization', async () => {
    const touched = await database.transaction(own, async (em) => [
      await em.nativeUpdate(CustomerEntity, { organizationId: foreign }, { name: 'taken over' }),
      await em.nativeDelete(CustomerEntity, { organizationId: foreign }),
    ])
    expect(touched).toEqual([0, 0])
    const workspace = { id: newId('ws'), organizationId: foreign, name: 'planted', createdAt: new Date() }
    await expect(database.transaction(own, (em) => em.insert(WorkspaceEntity, workspace))).rejects.toThrow(
      /row-level security/,
    )
  })

  it('a transaction that is confined to workspaces sees no other, and none of none', async () => {
    const [workspace] = await database.transaction(own, (em) => em.find(WorkspaceEntity, { name: 'one' }))
    const customersOf = async (workspaceIds: string[]) => {
      const seen = await database.transaction(own, (em) => em.find(CustomerEntity, {}), { workspaceIds })
      return seen.map(({ name }) => name)
    }
    expect(await customersOf([workspace?.id ?? ''])).toEqual(['customer in one'])
    expect(await customersOf([workspace?.id ?? '', 'ws_other'])).toEqual(['customer in one'])
    expect(await customersOf([])).toEqual([])
  })

  it('what one transaction may see does not cling to its connection', async () => {
    await database.transaction(own, (em) => em.find(CustomerEntity, {}))
    const seen = await database.transaction('', (em) => em.find(CustomerEntity, {}))
    expect(seen).toEqual([])
  })
})

describe('the role of the control plane', () => {
  it.each([
    ['the owner of the tables', () => testDatabase.ownerUrl, /owns tables/],
    ['a superuser', () => testDatabase.superuserUrl, /is a superuser/],
  ])('%s is refused, for row-level security would not bind it', async (_, url, reason) => {
    await expect(openDatabase({ url: url() })).rejects.toThrow(reason)
  })

  it('every table with an org_id has forced row-level security, but for the head that all loops read', async () => {
    const database = await openDatabase({ url: testDatabase.applicationUrl })
    try {
      const open = await database.transaction('', (em) =>
        em.execute<{ table: string }[]>(
          `select c.relname as "table" from pg_class c join pg_attribute a on a.attrelid = c.oid
           where a.attname = 'org_id' and c.relkind = 'r' and not (c.relrowsecurity and c.relforcerowsecurity)`,
        ),
      )
      expect(open.map(({ table }) => table).filter((table) => table !== 'config_heads')).toEqual([])
    } finally {
      await database.close()
    }
  })
})
