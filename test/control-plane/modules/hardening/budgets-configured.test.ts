import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProvider, type Mutation, type Result, startTenantApi, type TenantApi } from '../tenant-api.ts'
import { KeyApi } from '../virtual-keys/key-api.ts'

let now = Date.parse('2026-01-01T00:00:00Z')
let context: TenantApi
let keys: KeyApi

beforeAll(async () => {
  context = await startTenantApi({ now: () => now })
  keys = await KeyApi.start(context)
})
afterAll(() => context.close())

interface Item {
  readonly id: string
  readonly status: string
  readonly remediation: string
  readonly offenderCount: number
  readonly virtualKeys: readonly { id: string }[]
}

async function checklist(): Promise<{ status: string; item: Item }> {
  const { hardeningChecklist } = await context.query<{
    hardeningChecklist: { status: string; items: Item[] }
  }>(
    '{ hardeningChecklist { status items { id status detail remediation offenderCount virtualKeys { id } } } }',
  )
  const item = hardeningChecklist.items.find(({ id }) => id === 'budgets_configured')
  if (!item) throw new Error('the checklist lacks the item')
  return { status: hardeningChecklist.status, item }
}

const offenders = async () => (await checklist()).item.virtualKeys.map(({ id }) => id)

const made = (field: string, type: string, selection = 'id'): Mutation => ({
  field,
  input: `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`,
  selection: `... on ${type} { ${selection} }`,
})
const addBudget = (owner: object) =>
  context.mutate(made('addBudget', 'Budget'), { owner, limit: '1000', period: 'DAY' })
const removeBudget = ({ id }: Result) =>
  context.mutate({ field: 'removeBudget', input: 'ByIdInput', selection: '... on Deleted { id }' }, { id })

describe('budgets_configured [S1-49]', () => {
  it('passes without keys, and fails with one that no budget bounds', async () => {
    expect(await checklist()).toMatchObject({ status: 'PASS', item: { status: 'PASS', offenderCount: 0 } })
    const id = await keys.issue()
    expect(await checklist()).toMatchObject({
      status: 'FAIL',
      item: {
        ...{ status: 'FAIL', offenderCount: 1, virtualKeys: [{ id }] },
        remediation: expect.stringContaining('addBudget'),
      },
    })
    await addBudget({ virtualKeyId: id })
    expect(await checklist()).toMatchObject({ status: 'PASS' })
  })

  it('passes with a budget on any level of the key’s chain, and on no level beside it', async () => {
    const { workspaceId } = context.tenant
    const customer = await context.mutate(made('createCustomer', 'Customer'), { workspaceId, name: 'c' })
    const stranger = await context.mutate(made('createCustomer', 'Customer'), { workspaceId, name: 's' })
    const unit = await context.mutate(made('createBusinessUnit', 'BusinessUnit'), {
      customerId: customer.id,
      name: 'unit',
    })
    const team = await context.mutate(made('createTeam', 'Team'), {
      ...{ workspaceId, businessUnitId: unit.id, name: 'in a unit' },
    })
    const user = await context.mutate(made('createUser', 'User'), { name: 'user', teamId: team.id })
    const id = await keys.issue({ owner: { userId: user.id } })
    await addBudget({ customerId: stranger.id })
    await addBudget({ teamId: keys.teamId })
    expect(await offenders()).toEqual([id])
    const levels = [
      ...[{ organization: true }, { customerId: customer.id }, { businessUnitId: unit.id }],
      ...[{ teamId: team.id }, { userId: user.id }, { virtualKeyId: id }],
    ]
    for (const owner of levels) {
      const budget = await addBudget(owner)
      expect(await offenders(), JSON.stringify(owner)).toEqual([])
      await removeBudget(budget)
      expect(await offenders(), JSON.stringify(owner)).toEqual([id])
    }
    await addBudget({ userId: user.id })
  })

  it('passes by the budgets of provider configurations only where each that the key may use has one', async () => {
    const { id: second } = await context.mutate(createProvider, {
      name: 'second',
      baseUrl: 'https://example.com/v1',
    })
    const { id: teamId } = await context.mutate(made('createTeam', 'Team'), {
      ...{ workspaceId: context.tenant.workspaceId, name: 'alone' },
    })
    const id = await keys.issue({
      owner: { teamId },
      providerConfigs: [keys.config(), keys.config({ providerId: second })],
    })
    const { node } = await context.query<{ node: { providerConfigs: { id: string }[] } }>(
      'query($id: ID!) { node(id: $id) { ... on VirtualKey { providerConfigs { id } } } }',
      { id },
    )
    const [one, other] = node.providerConfigs
    await addBudget({ providerConfigId: one?.id })
    expect(await offenders()).toEqual([id])
    await addBudget({ providerConfigId: other?.id })
    expect(await offenders()).toEqual([])
    const update = made('updateVirtualKey', 'VirtualKey')
    await context.mutate(update, { id, allowAllProviders: true })
    expect(await offenders()).toEqual([id])
    await context.mutate(update, { id, allowAllProviders: false })
  })

  it('asks nothing of keys that are expired, switched off or revoked, or whose user is', async () => {
    const { workspaceId } = context.tenant
    const { id: teamId } = await context.mutate(made('createTeam', 'Team'), { workspaceId, name: 'idle' })
    const { id: userId } = await context.mutate(made('createUser', 'User'), { name: 'leaver', teamId })
    const owner = { teamId }
    const [revoked, off] = [await keys.issue({ owner }), await keys.issue({ owner })]
    const [expiring, ofUser] = [
      await keys.issue({ owner, expiresIn: 'DAY' }),
      await keys.issue({ owner: { userId } }),
    ]
    expect(await offenders()).toEqual([revoked, off, expiring, ofUser].toSorted())
    await context.mutate(
      { field: 'revokeVirtualKey', input: 'RevokeVirtualKeyInput', selection: '... on VirtualKey { id }' },
      { id: revoked },
    )
    await context.mutate(made('updateVirtualKey', 'VirtualKey'), { id: off, active: false })
    await context.mutate(made('updateUser', 'User'), { id: userId, active: false })
    expect(await offenders()).toEqual([expiring])
    now += 2 * 86_400_000
    expect(await offenders()).toEqual([])
  })

  it('shows twenty keys and counts all', async () => {
    const { workspaceId } = context.tenant
    const { id: teamId } = await context.mutate(made('createTeam', 'Team'), { workspaceId, name: 'many' })
    const issued: string[] = []
    for (let index = 0; index < 22; index += 1) issued.push(await keys.issue({ owner: { teamId } }))
    const { item } = await checklist()
    expect(item.offenderCount).toBe(22)
    expect(item.virtualKeys.map(({ id }) => id)).toEqual(issued.toSorted().slice(0, 20))
  })
})
