import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type DirectorySetup, pass, startReconciled } from './directory-setup.ts'

let setup: DirectorySetup
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  setup = await startReconciled()
})
afterEach(() => setup.forgetEverybody())
afterAll(async () => {
  vi.useRealTimers()
  await setup.close()
})

describe('an import', () => {
  const preview = async (filter: object, limit = 50) => {
    const { data, errors } = await setup.api.ask(
      setup.tenant.token,
      `query ($id: ID!, $filter: DirectoryFilter, $limit: Int) {
        previewDirectoryImport(identityProviderId: $id, filter: $filter, limit: $limit) {
          totalCount people { subject email teams role { name } } } }`,
      { id: setup.providerId, filter, limit },
    )
    return errors[0]?.extensions.code ?? data?.previewDirectoryImport
  }

  it('is shown before, of people who are no users yet, at most 50 at once [X0-06]', async () => {
    expect(await preview({})).toBe(null)
    await setup.know('known', ['engineers'])
    setup.put('zoe', ['engineers'])
    setup.put('yan', ['readers'])
    setup.put('asleep', ['readers'], { active: false })
    await setup.mutate('syncDirectory', { identityProviderId: setup.providerId, dryRun: true })
    await setup.reconcile()
    expect(await preview({ search: 'ZOE' })).toEqual({
      totalCount: 1,
      people: [
        { subject: 'zoe', email: 'zoe@example.com', teams: ['engineers'], role: { name: 'developer' } },
      ],
    })
    expect(await preview({ groups: ['Readers'] })).toMatchObject({
      totalCount: 1,
      people: [{ subject: 'yan' }],
    })
    expect(await preview({}, 1)).toMatchObject({ totalCount: 2, people: [{ subject: 'yan' }] })
    expect(await preview({}, 51)).toBe('BAD_USER_INPUT')
  })

  it('makes users of those whom it names, once', async () => {
    setup.put('zed', ['engineers'])
    setup.put('yun', ['readers'])
    for (const created of [1, 0]) {
      await setup.mutate('importDirectoryUsers', {
        identityProviderId: setup.providerId,
        filter: { groups: ['engineers'] },
      })
      pass(1)
      await setup.reconcile()
      const run = (await setup.runs()).find(({ trigger }) => trigger === 'IMPORT')
      expect(run).toMatchObject({ state: 'SUCCEEDED', created })
    }
    expect(await setup.userOf('zed')).toEqual({
      active: true,
      roles: ['role_developer'],
      teams: ['engineers'],
    })
    expect(await setup.userOf('yun')).toBeUndefined()
    const [identity] = await setup.sql('select last_signed_in_at from user_identities where subject = ?', [
      'zed',
    ])
    expect(identity).toEqual({ last_signed_in_at: null })
  })

  it('of somebody who signs in then finds the same user', async () => {
    setup.put('zac', ['engineers'])
    await setup.mutate('importDirectoryUsers', { identityProviderId: setup.providerId })
    await setup.reconcile()
    const userId = () => setup.sql('select user_id from user_identities where subject = ?', ['zac'])
    const before = await userId()
    await setup.signIn(setup.describePerson('zac', { groups: ['engineers'], email: 'zac@example.com' }))
    expect(await userId()).toEqual(before)
  })
})
