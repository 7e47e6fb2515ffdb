import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type DirectoryServer, startDirectoryServer } from '../../environment/directories/directory-server.ts'
import { oktaApi } from '../../environment/directories/okta.ts'
import { type DirectorySetup, pass, populationOf, startReconciled } from './directory-setup.ts'

const dayMs = 24 * 3_600_000

let setup: DirectorySetup
/** A second provider, with a directory of its own. */
let elsewhere: DirectoryServer
let elsewhereId: string

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  setup = await startReconciled()
  elsewhere = await startDirectoryServer(oktaApi('an-api-token'))
  const provider = await setup.mutate(
    'createIdentityProvider',
    {
      ...{ name: 'elsewhere', kind: 'OKTA', issuer: 'https://id.example', clientId: 'gatehouse' },
      ...{ clientSecret: 'a secret that nobody asks for', trustedNetworks: ['127.0.0.0/8'] },
      defaultRoleId: 'role_viewer',
    },
    '... on IdentityProvider { id }',
  )
  elsewhereId = String(provider.id)
  const { url } = elsewhere
  await setup.mutate('setDirectory', { identityProviderId: elsewhereId, url, secret: 'an-api-token' })
})
afterEach(async () => {
  elsewhere.people.clear()
  await setEnabled(false)
  await setup.forgetEverybody()
})
afterAll(async () => {
  vi.useRealTimers()
  await setup.close()
  await elsewhere.close()
})

const setEnabled = (enabled: boolean) =>
  setup.sql('update identity_providers set enabled = ?, verified_at = created_at where id = ?', [
    enabled,
    elsewhereId,
  ])

const link = (userId: string, subject: string, identityProviderId = elsewhereId) =>
  setup.mutate('linkIdentity', { userId, identityProviderId, subject })

/** Somebody whom both providers are known for. @returns the user's id */
async function knowTwice(id: string): Promise<string> {
  const userId = await setup.know(id, ['engineers'])
  await setup.know('stays', ['engineers'])
  await link(userId, `${id}-elsewhere`)
  populationOf(elsewhere).put(`${id}-elsewhere`, [])
  return userId
}

async function isActive(userId: string): Promise<unknown> {
  const [row] = await setup.sql('select active from users where id = ?', [userId])
  return row?.active
}

async function lastAudited(userId: string): Promise<unknown> {
  const [event] = await setup.sql(
    'select type from audit_events where subject_id = ? order by id desc limit 1',
    [userId],
  )
  return event?.type
}

async function leave(id: string): Promise<void> {
  setup.remove(id)
  pass(dayMs)
  await setup.reconcile()
}

describe('whoever is gone from one directory', () => {
  it('stays active while an enabled provider knows them too', async () => {
    const userId = await knowTwice('both')
    await setEnabled(true)
    await leave('both')
    expect(await isActive(userId)).toBe(true)
    expect(await lastAudited(userId)).toBe('user.identity_decommissioned')
    const events = () => setup.sql('select id from audit_events where subject_id = ?', [userId])
    const before = (await events()).length
    pass(dayMs)
    await setup.reconcile()
    // Once is enough.
    expect(await events()).toHaveLength(before)
  })

  it('is switched off where only a disabled provider knows them besides, whose directory nobody reads', async () => {
    const userId = await knowTwice('moved')
    await leave('moved')
    expect(await lastAudited(userId)).toBe('user.decommissioned')
    expect(await isActive(userId)).toBe(false)
  })

  it('stays active while the same directory has them under another subject', async () => {
    const userId = await setup.know('former', ['engineers'])
    await link(userId, 'present', setup.providerId)
    setup.put('present', ['engineers'])
    await leave('former')
    expect(await isActive(userId)).toBe(true)
  })

  it('is switched off once the provider that kept them is disabled, and on again once its directory is read and has them', async () => {
    const userId = await knowTwice('kept')
    await setEnabled(true)
    await leave('kept')
    expect(await isActive(userId)).toBe(true)
    await setEnabled(false)
    pass(dayMs)
    await setup.reconcile()
    expect(await setup.lastRun()).toMatchObject({ decommissioned: 1, leaving: 1 })
    expect(await isActive(userId)).toBe(false)
    await setup.mutate('syncDirectory', { identityProviderId: elsewhereId })
    await setup.reconcile()
    expect(await isActive(userId)).toBe(false)
    await setEnabled(true)
    pass(dayMs)
    await setup.reconcile()
    expect(await isActive(userId)).toBe(true)
    expect(await lastAudited(userId)).toBe('user.recommissioned')
  })

  it('is no user of the other provider either once that one has them no more', async () => {
    const userId = await knowTwice('twice')
    await leave('twice')
    await setEnabled(true)
    elsewhere.people.clear()
    populationOf(elsewhere).put('somebody', [])
    pass(dayMs)
    await setup.reconcile()
    expect(await isActive(userId)).toBe(false)
    const decommissioned =
      'select id from user_identities where user_id = ? and decommissioned_at is not null'
    expect(await setup.sql(decommissioned, [userId])).toHaveLength(2)
  })
})
