import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RoleApi, startRoleApi } from '../modules/roles/role-api.ts'
import { apply, applyFile, told } from './applied-file.ts'

/* Access profiles and the keys that follow them in configuration files. */

let acme: RoleApi
beforeAll(async () => {
  acme = await startRoleApi()
})
afterAll(() => acme.close())

const put = (file: object, options: object = {}) => applyFile(acme, file, options)

describe('keys that follow a profile', () => {
  const openai = { name: 'openai', baseUrl: 'https://api.openai.com/v1' }
  const file = {
    users: [{ name: 'Ada' }],
    accessProfiles: [{ name: 'small', budgets: [{ limitUsd: 1, period: 'DAY' }] }],
    virtualKeys: [{ name: 'app', owner: { user: 'Ada' }, accessProfile: 'small' }],
  }

  it('begin to follow, change with it, and leave it', async () => {
    await put(file)
    expect(told(await put(file))).toEqual([])
    const wider = [{ name: 'small', budgets: [{ limitUsd: 2, period: 'DAY' }] }]
    expect(told(await put({ accessProfiles: wider }))).toEqual(['UPDATE access_profile small'])
    expect(await acme.configured('budget')).toMatchObject([{ limitNanoUsd: '2000000000' }])
    const own = { name: 'app', owner: { user: 'Ada' }, accessProfile: null, contentLogging: 'OFF' }
    const left = await put({ virtualKeys: [own] })
    expect(left.changes[0]?.fields.map(({ field }) => field).toSorted()).toEqual([
      ...['accessProfile', 'contentLogging'],
    ])
    expect(await acme.configured('virtual_key')).toMatchObject([{ contentLogging: false }])
  })

  it('say nothing that their profile decides', async () => {
    const providers = [{ provider: 'openai', models: [], active: false }]
    const virtualKeys = [{ ...file.virtualKeys[0], providers, expiresAt: null }]
    const { problems } = await put({ virtualKeys, providers: [openai] })
    expect(problems.map(({ path }) => path)).toEqual([
      '/virtualKeys/0/expiresAt',
      '/virtualKeys/0/providers/0/models',
      '/virtualKeys/0/providers/0/active',
    ])
    const own = [{ name: 'own', owner: { user: 'Ada' }, providers: [{ provider: 'openai' }] }]
    expect((await put({ virtualKeys: own, providers: [openai] })).problems).toEqual([
      { path: '/virtualKeys/0/providers/0/models', message: 'is needed' },
    ])
  })

  it('may have budgets and limits of their own at the providers of their profile, and at no other', async () => {
    const budgets = [{ limitUsd: 3, period: 'MONTH' }]
    const virtualKeys = [{ ...file.virtualKeys[0], providers: [{ provider: 'openai', budgets }] }]
    const { problems } = await put({ virtualKeys, providers: [openai] })
    expect(problems).toMatchObject([
      {
        path: '/virtualKeys/0/providers/0/budgets/0',
        message: expect.stringContaining('does not name "openai"'),
      },
    ])
    // The profile gets the provider in the same file.
    const wider = [{ ...file.accessProfiles[0], providers: [{ provider: 'openai', models: ['*'] }] }]
    const both = { virtualKeys, providers: [openai], accessProfiles: wider }
    expect(told(await put(both))).toContain('CREATE budget provider_config/default/app/openai/MONTH')
    expect(told(await put(both))).toEqual([])
    const dropped = [{ ...file.virtualKeys[0], providers: [{ provider: 'openai', budgets: [] }] }]
    expect(told(await put({ virtualKeys: dropped }, { prune: true }))).toEqual([
      'DELETE budget provider_config/default/app/openai/MONTH',
    ])
  })
})

describe('an export', () => {
  it('says who has which role instead of the key that it brought along, and pruning spares the key', async () => {
    const file = {
      roles: [{ name: 'Keyed', accessProfile: 'small' }],
      roleAssignments: [{ user: 'Ada', role: 'Keyed' }],
    }
    const applied = (await acme.mutate(
      { ...apply, selection: `... on AppliedConfiguration { issuedKeys { name secret } }` },
      { document: { version: 1, ...file } },
    )) as unknown as { issuedKeys: object[] }
    expect(applied.issuedKeys).toEqual([
      { name: 'default/Keyed of Ada', secret: expect.stringMatching(/^sk-gh-/) },
    ])
    expect(told(await put(file))).toEqual([])
    const { configurationFile } = await acme.query<{
      configurationFile: { document: { virtualKeys: { name: string }[] }; warnings: string[] }
    }>('{ configurationFile { document warnings } }')
    expect(configurationFile).toMatchObject({
      document: { roleAssignments: file.roleAssignments },
      warnings: [],
    })
    expect(configurationFile.document.virtualKeys.map(({ name }) => name)).toEqual(['app'])
    expect(told(await put({ virtualKeys: [] }, { prune: true }))).toEqual(['DELETE virtual_key default/app'])
  })
})
