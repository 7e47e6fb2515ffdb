import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEntity } from '../../../../contract/configuration/reading.ts'
import { createProvider, type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'

const lists = 'allowedModels deniedModels allowedProviders deniedProviders'
const selection = `... on User { id version access { ${lists} } }`
const createUser: Mutation = { field: 'createUser', input: 'CreateUserInput', selection }
const updateUser: Mutation = { field: 'updateUser', input: 'UpdateUserInput', selection }
const setUserAccess: Mutation = { field: 'setUserAccess', input: 'SetUserAccessInput', selection }
const updateProvider: Mutation = {
  field: 'updateProvider',
  input: 'UpdateProviderInput',
  selection: '... on Provider { id name }',
}
const rollBack: Mutation = {
  field: 'rollBackConfiguration',
  input: 'RollBackConfigurationInput',
  selection: '... on RolledBackConfiguration { revision { revision } }',
}

const open = { allowedModels: ['*'], deniedModels: [], allowedProviders: ['*'], deniedProviders: [] }

let context: TenantApi
beforeAll(async () => {
  context = await startTenantApi()
})
afterAll(() => context.close())

async function newUser(name: string): Promise<string> {
  return (await context.mutate(createUser, { name })).id
}

const told = async (userId: string) => (await context.configured('user')).find(({ id }) => id === userId)

async function revision(): Promise<number> {
  const { configuration } = await context.query<{ configuration: { revision: number } }>(
    '{ configuration { revision } }',
  )
  return configuration.revision
}

describe('what the keys of a user may ask for [S0-24]', () => {
  it('is everything until it is restricted; what an input leaves out stays', async () => {
    const userId = await newUser('Ada')
    const set = async (input: object) => (await context.mutate(setUserAccess, { userId, ...input })).access
    expect(await set({})).toEqual(open)
    expect(await set({ allowedProviders: ['openai'] })).toEqual({ ...open, allowedProviders: ['openai'] })
    const both = { ...open, allowedProviders: ['openai'], deniedModels: ['gpt-4o', 'regex:o1.*'] }
    expect(await set({ deniedModels: ['gpt-4o', 'regex:o1.*'] })).toEqual(both)
    await context.mutate(updateUser, { id: userId, name: 'Ada Lovelace' })
    expect(await told(userId)).toMatchObject({ access: both })
    expect(await context.audited('user.access_changed')).toEqual({
      name: 'Ada',
      before: { ...open, allowedProviders: ['openai'] },
      after: both,
    })
  })

  it('is not in the document of a user without restrictions, which a data plane of the release before can read', async () => {
    const userId = await newUser('Plain')
    expect(await told(userId)).toEqual({ kind: 'user', id: userId, teamId: null, active: true })
    await context.mutate(setUserAccess, { userId, allowedModels: [] })
    expect(await told(userId)).toMatchObject({ access: { ...open, allowedModels: [] } })
    await context.mutate(setUserAccess, { userId, ...open })
    expect(await told(userId)).toEqual({ kind: 'user', id: userId, teamId: null, active: true })
  })

  it('is never ignored: whoever does not know a member of a user serves none of their keys', () => {
    const read = (user: object) =>
      readEntity({ kind: 'user', id: 'usr_1', ...{ teamId: null, active: true, ...user } })
    expect(read({ access: open }).entity).toMatchObject({ access: open })
    for (const unknown of [
      { restrictionOfALaterRelease: {} },
      { access: { ...open, ofALaterRelease: [] } },
    ]) {
      expect(read(unknown)).toMatchObject({ entity: undefined, heldBack: { kind: 'user', id: 'usr_1' } })
    }
  })

  it.each([
    ['a pattern that is none', { deniedModels: ['regex:('] }, /^deniedModels: "regex:\(" is no pattern/],
    ['a mixture', { allowedModels: ['*', 'gpt-4o'] }, /^allowedModels: "\*" stands for everything/],
    ['the same name twice', { deniedModels: ['a', 'a'] }, /^deniedModels: names "a" twice/],
    [
      'a name that no provider can have',
      { deniedProviders: ['OpenAI'] },
      /^deniedProviders: must begin with/,
    ],
  ])('refuses %s and names the field', async (_, input, message) => {
    const userId = await newUser('Refused')
    expect(await context.refusal(setUserAccess, { userId, ...input })).toMatch(message)
    expect(await told(userId)).not.toHaveProperty('access')
  })

  it('changes only what the caller has read', async () => {
    const userId = await newUser('Raced')
    const { version } = await context.mutate(setUserAccess, { userId, deniedModels: ['a'] })
    await context.mutate(setUserAccess, { userId, deniedModels: ['b'] })
    const late = await context.mutate(setUserAccess, { userId, deniedModels: [], expectedVersion: version })
    expect(late).toMatchObject({ code: 'STALE_UPDATE' })
    expect(await context.mutate(setUserAccess, { userId: 'usr_none' })).toMatchObject({ code: 'NOT_FOUND' })
  })

  it('goes on meaning a provider that is renamed, in the revision that renames it', async () => {
    const baseUrl = 'https://api.example.com/v1'
    const { id } = await context.mutate(createProvider, { name: 'before', baseUrl })
    const userId = await newUser('Follower')
    const other = await newUser('Other')
    await context.mutate(setUserAccess, { userId, deniedProviders: ['before', 'after', 'regex:bef.*'] })
    await context.mutate(setUserAccess, { userId: other, allowedProviders: ['before'] })
    const before = await revision()
    await context.mutate(updateProvider, { id, name: 'after' })
    expect(await revision()).toBe(before + 1)
    expect(await told(userId)).toMatchObject({ access: { deniedProviders: ['after', 'regex:bef.*'] } })
    expect(await told(other)).toMatchObject({ access: { allowedProviders: ['after'] } })
  })

  it('is what it was after a roll-back', async () => {
    const userId = await newUser('Rolled back')
    const before = await revision()
    await context.mutate(setUserAccess, { userId, allowedModels: ['gpt-4o'] })
    const restricted = await revision()
    await context.mutate(rollBack, { revision: before })
    expect(await told(userId)).not.toHaveProperty('access')
    await context.mutate(rollBack, { revision: restricted })
    expect(await told(userId)).toMatchObject({ access: { allowedModels: ['gpt-4o'] } })
  })
})
