import type { EntityManager } from '@mikro-orm/postgresql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withEverybodysRows } from '../../../control-plane/db/everybodys-rows.ts'
import type { VisibleRows } from '../../../control-plane/db/visible-rows.ts'
import { VirtualKeyEntity } from '../../../control-plane/modules/virtual-keys/index.ts'
import { startTenantApi, type TenantApi } from '../modules/tenant-api.ts'
import { KeyApi } from '../modules/virtual-keys/key-api.ts'

// Row-level security alone must show and hide what the filter of the ORM does too.
describe.each([{ ormFilter: true }, { ormFilter: false }])('ormFilter: $ormFilter', (options) => {
  let acme: TenantApi
  beforeAll(async () => {
    acme = await startTenantApi(options)
    await (await KeyApi.start(acme)).issue()
  })
  afterAll(() => acme.close())

  const nobodys: VisibleRows = { scope: 'own', actorId: 'tok_1', user: null }
  const within = <T>(organizationId: string, work: (em: EntityManager) => Promise<T>) =>
    acme.api.controlPlane.database.transaction(organizationId, work, { rows: nobodys })
  const seen = (em: EntityManager) => em.count(VirtualKeyEntity, {})

  it('the rows of everybody are seen by what needs them, and by nothing behind it', async () => {
    const counts = await within(acme.tenant.organizationId, async (em) => [
      await seen(em),
      await withEverybodysRows(em, () => seen(em)),
      await seen(em),
    ])
    expect(counts).toEqual([0, 1, 0])
  })

  it('those of another organization are not', async () => {
    const { organizationId } = await acme.api.createTenant('Other')
    expect(await within(organizationId, (em) => withEverybodysRows(em, () => seen(em)))).toBe(0)
  })
})
