import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IdentityProviderEntity } from '../../../control-plane/modules/identity-providers/index.ts'
import { performRun } from '../../../control-plane/provisioning/directory-sync.ts'
import { provisionUser } from '../../../control-plane/provisioning/provision-user.ts'
import type { DirectoryServer } from '../../environment/directories/directory-server.ts'
import { settingsFor, startDirectory } from '../directory/directory-setup.ts'
import { type DirectorySetup, startReconciled } from './directory-setup.ts'

let setup: DirectorySetup
const directories: DirectoryServer[] = []

beforeAll(async () => {
  setup = await startReconciled()
})
afterAll(async () => {
  await setup.close()
  await Promise.all(directories.map((directory) => directory.close()))
})

const rolesOf = {
  keycloak: { claim: 'realm_access.roles', told: { realm_access: { roles: ['engineer'] } } },
  zitadel: {
    claim: 'urn:zitadel:iam:org:project:roles',
    told: { 'urn:zitadel:iam:org:project:roles': { engineer: {} } },
  },
}
type Kind = keyof typeof rolesOf

const idOf = (at: number) => `person-${String(at).padStart(3, '0')}`

/** An enabled provider with 520 people in its directory, all of them engineers. */
async function startCounted(kind: Kind): Promise<{ id: string; directory: DirectoryServer }> {
  const directory = await startDirectory(kind)
  directories.push(directory)
  for (let at = 0; at < 520; at += 1) {
    const id = idOf(at)
    const name = `Person ${id}`
    directory.people.set(id, { name, email: `${kind}-${id}@example.com`, active: true, roles: ['engineer'] })
  }
  const { provider, secret, account } = settingsFor(kind, directory, [])
  const { issuer, clientId, clientSecret, trustedNetworks } = provider
  const roleRules = [{ claim: rolesOf[kind].claim, value: 'engineer', roleId: 'role_developer' }]
  const created = await setup.mutate(
    'createIdentityProvider',
    {
      ...{
        name: `${kind}-${directories.length}`,
        kind: kind.toUpperCase(),
        issuer,
        clientId,
        clientSecret: String(clientSecret),
      },
      ...{ trustedNetworks, roleRules },
    },
    '... on IdentityProvider { id }',
  )
  const id = String(created.id)
  const { projectId } = account
  await setup.mutate('setDirectory', {
    identityProviderId: id,
    ...(secret !== null && { secret }),
    projectId,
  })
  await setup.sql('update identity_providers set enabled = true, verified_at = created_at where id = ?', [id])
  return { id, directory }
}

/** Has the provider know somebody, as after a sign-in. @returns the user's id */
async function know(providerId: string, kind: Kind, subject: string): Promise<string> {
  const { services, database } = setup.api.controlPlane
  const provider = await database.transaction(setup.tenant.organizationId, (em) =>
    em.findOneOrFail(IdentityProviderEntity, { id: providerId }),
  )
  return provisionUser(services, provider, { subject, claims: { name: subject, ...rolesOf[kind].told } })
}

async function lastRun(providerId: string): Promise<unknown> {
  const [run] = await setup.sql(
    'select state, decommissioned, updated from directory_sync_runs where provider_id = ? order by id desc',
    [providerId],
  )
  return run
}

const userOf = (userId: string) =>
  setup.sql(
    `select person.active, held.role_id as role from users person
     left join role_assignments held on held.user_id = person.id where person.id = ?`,
    [userId],
  )

describe('a directory whose pages are counted from the first person on', () => {
  it.each<Kind>(['keycloak', 'zitadel'])(
    '(%s) has nobody switched off who is on no page because others left while it was read',
    async (kind) => {
      const { id, directory } = await startCounted(kind)
      const isUsers = (path: string) => path.endsWith('/users')
      const first = directory.people
      const pageOf = [499, 500, 501].map(idOf)
      const between = await Promise.all(pageOf.map((subject) => know(id, kind, subject)))
      const gone = await know(id, kind, 'gone')
      let pages = 0
      directory.behaviour.instead = ({ path }) => {
        if (!isUsers(path)) return undefined
        pages += 1
        // Whoever is on the second page moves up to the first, which was read.
        if (pages === 2) for (const at of [0, 1, 2]) first.delete(idOf(at))
        return undefined
      }
      await setup.reconcile()
      expect(await lastRun(id)).toEqual({ state: 'succeeded', decommissioned: 1, updated: 0 })
      for (const userId of between) {
        expect(await userOf(userId)).toEqual([{ active: true, role: 'role_developer' }])
      }
      expect(await userOf(gone)).toEqual([{ active: false, role: null }])
    },
  )

  it('is followed although a few came where it was read already, and not where far fewer are shown', async () => {
    const { id, directory } = await startCounted('keycloak')
    const gone = await know(id, 'keycloak', 'gone')
    const runWhereItHas = async (count: number) => {
      directory.behaviour.instead = ({ path }) => (path.endsWith('/count') ? { body: count } : undefined)
      await setup.mutate('syncDirectory', { identityProviderId: id })
      await setup.reconcile()
      return lastRun(id)
    }
    expect(await runWhereItHas(573)).toEqual({ state: 'failed', decommissioned: 0, updated: 0 })
    expect(await userOf(gone)).toEqual([{ active: true, role: 'role_developer' }])
    expect(await runWhereItHas(572)).toEqual({ state: 'succeeded', decommissioned: 1, updated: 0 })
  })

  it('(zitadel) takes no role of whose grant is on no page because others left while grants were read', async () => {
    const { id, directory } = await startCounted('zitadel')
    const between = await Promise.all([500, 501, 502].map((at) => know(id, 'zitadel', idOf(at))))
    const revoked = await know(id, 'zitadel', idOf(510))
    directory.people.set(idOf(510), { name: 'Revoked', email: 'zitadel-510@example.com', active: true })
    let pages = 0
    directory.behaviour.instead = ({ path }) => {
      if (!path.endsWith('/grants/_search')) return undefined
      pages += 1
      if (pages === 2) for (const at of [0, 1, 2]) directory.people.delete(idOf(at))
      return undefined
    }
    await setup.reconcile()
    expect(await lastRun(id)).toEqual({ state: 'succeeded', decommissioned: 0, updated: 1 })
    for (const userId of between)
      expect(await userOf(userId)).toEqual([{ active: true, role: 'role_developer' }])
    expect(await userOf(revoked)).toEqual([{ active: true, role: null }])
  })

  it('asks by name for a hundred at a time, and after a crash for those whom it has not asked for', async () => {
    const { id, directory } = await startCounted('keycloak')
    const lost = Array.from({ length: 120 }, (_, at) => `lost-${String(at).padStart(3, '0')}`)
    for (const subject of lost) await know(id, 'keycloak', subject)
    await setup.mutate('syncDirectory', { identityProviderId: id })
    const [run] = await setup.sql('select id from directory_sync_runs where provider_id = ?', [id])
    const perform = (signal?: AbortSignal) =>
      performRun(
        setup.api.controlPlane.services,
        { id: String(run?.id), organizationId: setup.tenant.organizationId },
        signal,
      )
    const stopping = new AbortController()
    directory.behaviour.instead = ({ path }) => {
      if (path.endsWith('/lost-110')) stopping.abort()
      return undefined
    }
    await perform(stopping.signal)
    const [{ todo } = {}] = await setup.sql('select todo from directory_sync_runs where provider_id = ?', [
      id,
    ])
    expect(todo).toMatchObject([{ subjects: lost.slice(100) }, { after: 'lost-119' }])
    await setup.sql('update directory_sync_runs set leased_until = null where provider_id = ?', [id])
    await perform()
    expect(await lastRun(id)).toMatchObject({ state: 'guarded' })
    const asked = directory.requests.filter((request) => request.includes('/users/lost-'))
    for (const subject of lost.slice(0, 100))
      expect(asked.filter((request) => request.endsWith(`/${subject}`))).toHaveLength(1)
    for (const subject of lost.slice(100))
      expect(asked.some((request) => request.endsWith(`/${subject}`))).toBe(true)
  })
})
