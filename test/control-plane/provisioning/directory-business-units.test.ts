import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createUnits, unitsOf } from '../business-units.ts'
import { type DirectorySetup, pass, startReconciled } from './directory-setup.ts'

const dayMs = 86_400_000

let setup: DirectorySetup
let research: string

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  // Only rules of business units name groups besides those that give a role.
  setup = await startReconciled({
    provider: { teamRules: [], roleRules: [{ claim: 'groups', value: 'readers', roleId: 'role_viewer' }] },
  })
  const { customerId, ids } = await createUnits(setup.api, setup.tenant, 'Acme Europe', ['Research', 'Sales'])
  research = ids[0] ?? ''
  await setup.mutate('updateIdentityProvider', {
    id: setup.providerId,
    businessUnitRules: [
      { claim: 'groups', value: 'scientists', businessUnitId: research },
      { claim: 'groups', value: 'sales', customerId },
      { claim: 'groups', value: 'Sales', customerId },
    ],
  })
})
afterEach(() => setup.forgetEverybody())
afterAll(async () => {
  vi.useRealTimers()
  await setup.close()
})

async function unitsOfPerson(id: string): Promise<string[]> {
  const [identity] = await setup.sql('select user_id from user_identities where subject = ?', [id])
  return unitsOf(setup.api, setup.tenant, String(identity?.user_id))
}

describe('what a directory says of business units', () => {
  it('is added, once, and takes nobody out of any [X0-09]', async () => {
    await setup.know('ann', ['readers'])
    setup.put('ann', ['readers', 'scientists'])
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED', updated: 1 })
    expect(await unitsOfPerson('ann')).toEqual(['IDP Research'])
    for (const groups of [['readers', 'scientists'], ['readers']]) {
      setup.put('ann', groups)
      pass(dayMs)
      await setup.reconcile()
      expect(await setup.lastRun()).toMatchObject({ state: 'SUCCEEDED', updated: 0 })
    }
    setup.put('ann', ['readers', 'Sales'])
    pass(dayMs)
    await setup.reconcile()
    expect(await unitsOfPerson('ann')).toEqual(['IDP Research', 'IDP Sales'])
  })

  it('is given again by the next reading to somebody whom an administrator took out, as long as it is said', async () => {
    const userId = await setup.know('ben', ['readers', 'scientists'])
    await setup.mutate('removeBusinessUnitMember', { businessUnitId: research, userId })
    expect(await unitsOfPerson('ben')).toEqual([])
    await setup.reconcile()
    expect(await unitsOfPerson('ben')).toEqual(['IDP Research'])
  })

  it('stays of somebody who is gone from it', async () => {
    await setup.know('gone', ['readers', 'scientists'])
    await setup.know('stays', ['readers'])
    setup.remove('gone')
    await setup.reconcile()
    expect(await setup.userOf('gone')).toMatchObject({ active: false })
    expect(await unitsOfPerson('gone')).toEqual(['IDP Research'])
  })

  it('is shown before an import, and given by it', async () => {
    await setup.know('known', ['readers'])
    setup.put('zoe', ['readers', 'scientists'])
    await setup.mutate('syncDirectory', { identityProviderId: setup.providerId, dryRun: true })
    await setup.reconcile()
    const { data } = await setup.api.ask(
      setup.tenant.token,
      `query ($id: ID!) { previewDirectoryImport(identityProviderId: $id) {
        people { subject businessUnits { name } } } }`,
      { id: setup.providerId },
    )
    expect(data?.previewDirectoryImport).toEqual({
      people: [{ subject: 'zoe', businessUnits: [{ name: 'Research' }] }],
    })
    pass(1)
    await setup.mutate('importDirectoryUsers', { identityProviderId: setup.providerId })
    await setup.reconcile()
    expect(await unitsOfPerson('zoe')).toEqual(['IDP Research'])
  })
})
