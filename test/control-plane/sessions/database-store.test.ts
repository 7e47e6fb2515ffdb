import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { newId } from '../../../control-plane/db/id.ts'
import { OrganizationEntity } from '../../../control-plane/modules/organizations/index.ts'
import { UserEntity } from '../../../control-plane/modules/users/index.ts'
import { DatabaseSessionStore } from '../../../control-plane/sessions/database-store.ts'
import type { StoredSession } from '../../../control-plane/sessions/session-store.ts'
import { createInstallation, type Installation } from '../organization.ts'

let installation: Installation
let store: DatabaseSessionStore
beforeAll(async () => {
  installation = await createInstallation()
  store = new DatabaseSessionStore(installation.database)
})
afterAll(() => installation.close())

const now = Date.now()
const limit = { most: 10, whenFull: 'reject' } as const

async function createUser(): Promise<{ organizationId: string; userId: string }> {
  const [organizationId, userId, createdAt] = [newId('org'), newId('usr'), new Date()]
  await installation.database.transaction(organizationId, async (em) => {
    await em.insert(OrganizationEntity, { id: organizationId, name: 'Acme', createdAt })
    await em.insert(UserEntity, {
      ...{ id: userId, organizationId, version: 1, teamId: null, name: 'Ada', email: null, active: true },
      ...{ allowedModels: ['*'], deniedModels: [], allowedProviders: ['*'], deniedProviders: [], createdAt },
    })
  })
  return { organizationId, userId }
}

const make = (owner: { organizationId: string; userId: string }): StoredSession => ({
  ...{ ...owner, providerId: 'idp_1', id: newId('sess'), subjectTag: 'subject', providerSessionTag: null },
  ...{ digest: 'digest', details: 'details', secrets: 'secrets', secretsVersion: 1, refreshingUntil: null },
  ...{ lastSeenAt: now, endsAt: now + 1_000, expiresAt: now + 1_000, checkedAt: now },
})

it('sessions of a user who is deleted stay until they are ended, that it be known which there were', async () => {
  const owner = await createUser()
  const session = make(owner)
  await store.create(session, limit, now)
  const { organizationId, userId } = owner
  await installation.database.transaction(organizationId, (em) => em.nativeDelete(UserEntity, { id: userId }))
  const { id, providerId } = session
  expect(await store.removeOfUsers(organizationId, [userId])).toEqual([{ id, userId, providerId }])
})

it('a session that somebody else ends while it gives way to another one is theirs to record', async () => {
  const owner = await createUser()
  const [ended, left, next] = [make(owner), make(owner), make(owner)]
  for (const session of [ended, left]) await store.create(session, limit, now)
  const { organizationId } = owner
  let created: ReturnType<DatabaseSessionStore['create']> | undefined
  await installation.database.transaction(organizationId, async (em) => {
    await em.execute('delete from sessions where id = ?', [ended.id])
    created = store.create(next, { most: 1, whenFull: 'evict' }, now)
    await vi.waitFor(async () => {
      const waiting = await withClient(installation.superuserUrl, (client) =>
        client.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        ),
      )
      expect(waiting.rowCount).toBe(1)
    }, 10_000)
  })
  const { userId } = owner
  expect(await created).toEqual({ evicted: [{ id: left.id, userId, providerId: left.providerId }] })
})

it('a session cannot be written into another organization, past every check of the program', async () => {
  const own = await createUser()
  const foreign = await createUser()
  const session = make(own)
  await store.create(session, limit, now)
  const move = 'update sessions set org_id = ?, user_id = ? where id = ?'
  await expect(
    installation.database.transaction(own.organizationId, (em) =>
      em.execute(move, [foreign.organizationId, foreign.userId, session.id]),
    ),
  ).rejects.toThrow(/row-level security/)
  await installation.database.transaction(foreign.organizationId, (em) =>
    em.execute(`update sessions set digest = 'planted'`),
  )
  const { rows } = await withClient(installation.superuserUrl, (client) =>
    client.query<{ digest: string }>('select digest from sessions where id = $1', [session.id]),
  )
  expect(rows).toEqual([{ digest: 'digest' }])
})
