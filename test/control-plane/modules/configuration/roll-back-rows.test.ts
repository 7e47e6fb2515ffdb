import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read as readField } from '../../api.ts'
import { makePolicy } from '../access-policies/policy-api.ts'
import { type RoleApi, startRoleApi } from '../roles/role-api.ts'
import { createTeam, type Mutation, type Result } from '../tenant-api.ts'
import { KeyApi } from '../virtual-keys/key-api.ts'

/* What no data plane is told, and yet comes back with the rest: workspaces, roles and access profiles. */

function mutation(field: string, type: string, selection = 'id', input = ''): Mutation {
  const ofField = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  return { field, input: input || ofField, selection: `... on ${type} { ${selection} }` }
}
const deletion = (field: string, input = 'ByIdInput') => mutation(field, 'Deleted', 'id', input)

const changes = 'changes { kind name action fields { field old new } }'
const rollBack = mutation(
  'rollBackConfiguration',
  'RolledBackConfiguration',
  `dryRun skipped revision { revision } ${changes}`,
)
const createWorkspace = mutation('createWorkspace', 'Workspace')
const updateWorkspace = mutation('updateWorkspace', 'Workspace')
const createProfile = mutation('createAccessProfile', 'AccessProfile')
const updateProfile = mutation('updateAccessProfile', 'AccessProfile')
const issueFrom = mutation('issueVirtualKeyFromProfile', 'IssuedVirtualKey', 'virtualKey { id }')

interface RolledBack extends Result {
  readonly skipped: readonly string[]
  readonly revision: { readonly revision: number }
  readonly changes: readonly { readonly kind: string; readonly name: string; readonly action: string }[]
}

let acme: RoleApi
let keys: KeyApi
beforeAll(async () => {
  acme = await startRoleApi()
  keys = await KeyApi.start(acme)
})
afterAll(() => acme.close())

const back = async (input: object) => (await acme.mutate(rollBack, input)) as RolledBack
const told = ({ changes }: RolledBack) => changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)
const present = async () =>
  (await acme.query<{ configuration: { revision: number } }>('{ configuration { revision } }')).configuration
    .revision
const readRole = async (id: string) =>
  (
    await acme.query<{ role: object | null }>(
      'query($id: ID!) { role(id: $id) { name ownPermissions rowScope workspaces { id } } }',
      { id },
    )
  ).role
const issue = async (accessProfileId: string) => {
  const { providerConfigs: _own, ...place } = keys.newKey()
  const issued = await acme.mutate(issueFrom, { accessProfileId, ...place })
  return (issued as unknown as { virtualKey: Result }).virtualKey.id
}
const limitsOf = async (id: string) =>
  (await acme.configured('budget')).filter(({ owner }) => owner.id === id).map((one) => one.limitNanoUsd)

it('a user whom a roll-back switches off is signed out, with tokens too', async () => {
  const { id } = await acme.mutate(mutation('createUser', 'User'), { name: 'Off and on' })
  const update = mutation('updateUser', 'User')
  await acme.mutate(update, { id, active: false })
  const off = await present()
  const since = async () => (await acme.configured('token_holder')).find((one) => one.id === id)?.notBefore
  const before = Number(await since())
  await acme.mutate(update, { id, active: true })
  expect(await since()).toBe(before)
  await back({ revision: off })
  expect((await acme.configured('user')).find((one) => one.id === id)?.active).toBe(false)
  expect(Number(await since())).toBeGreaterThan(before)
})

it('a user who was switched off since stays off, and all else of them comes back', async () => {
  const { id } = await acme.mutate(mutation('createUser', 'User'), { name: 'Still here' })
  const on = await present()
  const update = mutation('updateUser', 'User')
  await acme.mutate(update, { id, active: false, name: 'Left' })
  await back({ revision: on })
  const document = (await acme.configured('user')).find((one) => one.id === id)
  expect(document?.active).toBe(false)
  const { user } = await acme.query<{ user: object }>('query($id: ID!) { user(id: $id) { name active } }', {
    id,
  })
  expect(user).toEqual({ name: 'Still here', active: false })
})

describe('a revision', () => {
  it('tells what became of workspaces, roles and access profiles, field by field', async () => {
    const { id } = await acme.createRole({ name: 'Told', permissions: ['teams:view'] })
    await acme.updateRole({ id, permissions: ['users:view'], rowScope: 'TEAM' })
    const profile = await acme.mutate(createProfile, { name: 'told', providerConfigs: [keys.config()] })
    const providerConfigs = [keys.config({ allowedModels: ['*'] })]
    await acme.mutate(updateProfile, { id: profile.id, providerConfigs })
    const { configurationRevisions } = await acme.query<{
      configurationRevisions: { edges: { node: { changes: object[] } }[] }
    }>(`{ configurationRevisions(first: 4) { edges { node { ${changes} } } } }`)
    const [updated, , role] = configurationRevisions.edges.map(({ node }) => node.changes)
    expect(role).toEqual([
      {
        ...{ kind: 'role', name: 'Told', action: 'UPDATED' },
        fields: [
          { field: 'rowScope', old: 'all', new: 'team' },
          { field: 'permissions', old: ['teams:view'], new: ['users:view'] },
        ],
      },
    ])
    expect(updated).toEqual([
      {
        ...{ kind: 'access_profile', name: 'told', action: 'UPDATED' },
        fields: [
          {
            field: `providerConfigs[${keys.providerId}].allowedModels`,
            ...{ old: ['small'], new: ['*'] },
          },
        ],
      },
    ])
  })
})

describe('a roll-back', () => {
  it('brings roles and workspaces back, changed, created and deleted ones', async () => {
    const { id: workspaceId } = await acme.mutate(createWorkspace, { name: 'before' })
    const [kept, deleted] = [
      await acme.createRole({ name: 'Kept', permissions: ['teams:view'], workspaceIds: [workspaceId] }),
      await acme.createRole({ name: 'Deleted', permissions: ['users:view'] }),
    ]
    const before = [await readRole(kept.id), await readRole(deleted.id)]
    const revision = await present()
    await acme.mutate(updateWorkspace, { id: workspaceId, name: 'after' })
    await acme.updateRole({ id: kept.id, name: 'Deleted no more', permissions: [], workspaceIds: null })
    await acme.mutate(deletion('deleteRole'), { id: deleted.id })
    const fresh = await acme.createRole({ name: 'Deleted', permissions: ['models:view'] })
    await acme.updateRole({ id: kept.id, inheritedRoleIds: [fresh.id] })

    const tried = await back({ revision, dryRun: true })
    expect(await readRole(fresh.id)).not.toBeNull()
    const rolled = await back({ revision })
    expect(told(rolled).toSorted()).toEqual([
      'CREATED role Deleted',
      'DELETED role Deleted',
      'UPDATED role Kept',
      'UPDATED workspace before',
    ])
    expect(tried).toMatchObject({ dryRun: true, changes: rolled.changes, skipped: [] })
    expect(tried.revision.revision).toBe(rolled.revision.revision - 1)
    expect([await readRole(kept.id), await readRole(deleted.id)]).toEqual(before)
    expect(await readRole(fresh.id)).toBeNull()
  })

  it('gives nobody back what whoever rolls back could not give, and tells of the attempt', async () => {
    const { id } = await acme.createRole({ name: 'Once mighty', permissions: ['customers:delete'] })
    const revision = await present()
    await acme.updateRole({ id, permissions: ['teams:view'] })
    const operator = await acme.createRole({
      ...{ name: 'Operator', permissions: ['configuration:*', 'roles:*', 'teams:view'] },
    })
    const token = await acme.issue({ roleId: operator.id })
    const before = await present()
    const missing = '... on RightsExceeded { missingPermissions }'
    const asOperator = { ...rollBack, selection: `${rollBack.selection} ${missing}` }
    const { result } = await acme.mutateAs(token, asOperator, { revision })
    expect(result).toMatchObject({ code: 'RIGHTS_EXCEEDED', missingPermissions: ['customers:delete'] })
    expect(await readRole(id)).toMatchObject({ ownPermissions: ['teams:view'] })
    expect(await present()).toBe(before)
    expect(await acme.audited('privilege_escalation.refused')).toMatchObject({
      missingPermissions: ['customers:delete'],
    })
    // Whoever has it may give it.
    await back({ revision, skipUnrestorable: true })
    expect(await readRole(id)).toMatchObject({ ownPermissions: ['customers:delete'] })
  })

  it('gives no role back more for good than whoever rolls back has for a time', async () => {
    const { id } = await acme.createRole({ name: 'Once wide', permissions: ['teams:view', 'users:view'] })
    const revision = await present()
    await acme.updateRole({ id, permissions: ['teams:view'] })
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const passing = await acme.issue({ role: 'ADMIN', expiresAt })
    const { result } = await acme.mutateAs(passing, rollBack, { revision })
    expect(result).toMatchObject({
      code: 'RIGHTS_EXCEEDED',
      message: expect.stringContaining('when your own rights end'),
    })
    expect(await readRole(id)).toMatchObject({ ownPermissions: ['teams:view'] })
  })

  it('changes roles for nobody who could not change them in another way, and leaves them alone for everybody', async () => {
    const operator = async (...permissions: string[]) => {
      const role = {
        name: `Operator (${permissions})`,
        permissions: ['configuration:*', 'teams:*', ...permissions],
      }
      return acme.issue({ roleId: (await acme.createRole(role)).id })
    }
    const [none, all] = [await operator(), await operator('roles:*')]
    const but = {
      create: await operator('roles:update', 'roles:delete'),
      update: await operator('roles:create', 'roles:delete'),
      delete: await operator('roles:create', 'roles:update'),
    }
    const { id } = await acme.createRole({ name: 'Watched', permissions: ['teams:view'] })
    const asked = async (token: string, input: object) => {
      const { result, errors } = await acme.mutateAs(token, rollBack, { ...input, dryRun: true })
      return errors[0]?.message ?? result.code ?? 'yes'
    }
    const refused = (operation: string) => expect.stringContaining(`"roles:${operation}"`)

    const before = await present()
    await acme.mutate(createTeam, { workspaceId: acme.tenant.workspaceId, name: 'of no role' })
    expect(await asked(none, { revision: before })).toBe('yes')

    const created = await present()
    await acme.updateRole({ id, permissions: [] })
    const updated = await present()
    expect(await asked(but.update, { revision: created })).toEqual(refused('update'))
    await acme.mutate(deletion('deleteRole'), { id })
    expect(await asked(but.create, { revision: updated })).toEqual(refused('create'))
    const gone = await present()
    const fresh = await acme.createRole({ name: 'Fresh', permissions: [] })
    expect(await asked(but.delete, { revision: gone })).toEqual(refused('delete'))
    for (const revision of [created, updated, gone]) {
      expect(await asked(none, { revision })).not.toBe('yes')
      expect(await asked(all, { revision })).toBe('yes')
    }
    const { data } = await acme.api.ask(all, '{ viewer { role { id } } }')
    const { role } = readField<{ role: { id: string } }>(data, 'viewer')
    await makePolicy(acme, { name: 'No roles', permissions: ['roles:*'], roleIds: [role.id] })
    expect(await asked(all, { revision: gone })).toBe('The access policy "No roles" denies it now')
    // One that is in use stays: nothing becomes of it.
    await acme.issue({ roleId: fresh.id })
    expect(await asked(none, { revision: gone, skipUnrestorable: true })).toBe('yes')
  })

  it('takes no role from tokens and users that have it, and says so', async () => {
    const userId = await acme.createUser({ name: 'Ada' })
    const revision = await present()
    const [ofToken, ofUser] = [
      await acme.createRole({ name: 'Of a token', permissions: ['teams:view'] }),
      await acme.createRole({ name: 'Of a user', permissions: ['teams:view'] }),
    ]
    const token = await acme.issue({ roleId: ofToken.id })
    await acme.assign({ userId, roleId: ofUser.id })
    const refused = await acme.mutate(rollBack, { revision })
    expect(refused.code).toBe('CANNOT_RESTORE')
    expect(refused.message).toContain(ofToken.id)
    expect(refused.message).toContain(ofUser.id)
    await back({ revision, skipUnrestorable: true })
    expect(await acme.permissionsOf(token)).toEqual(['teams:view'])
    expect(await readRole(ofUser.id)).not.toBeNull()
  })

  it('is refused whole when a name is taken by what stays, and renames nothing', async () => {
    const { id } = await acme.createRole({ name: 'Wanted', permissions: ['teams:view'] })
    const revision = await present()
    await acme.mutate(deletion('deleteRole'), { id })
    const other = await acme.createRole({ name: 'Wanted', permissions: ['teams:view'] })
    await acme.issue({ roleId: other.id })
    const refused = await acme.mutate(rollBack, { revision, skipUnrestorable: true })
    expect(refused).toMatchObject({ code: 'CANNOT_RESTORE' })
    expect(refused.message).toContain('a name is taken')
    expect(await readRole(other.id)).toMatchObject({ name: 'Wanted' })
  })

  it('brings a profile back with all its keys, also with those that were issued since', async () => {
    const terms = { providerConfigs: [keys.config()], budgets: [{ limit: '100', period: 'DAY' }] }
    const { id: profile } = await acme.mutate(createProfile, { name: 'restored', ...terms })
    const early = await issue(profile)
    const revision = await present()
    await acme.mutate(updateProfile, {
      ...{ id: profile, name: 'changed', budgets: [{ limit: '900', period: 'DAY' }] },
      providerConfigs: [keys.config({ allowedModels: ['*'] })],
    })
    const late = await issue(profile)
    expect(await limitsOf(late)).toEqual(['900'])
    expect(told(await back({ revision }))).toContain('UPDATED access_profile restored')
    for (const id of [early, late]) {
      expect(await limitsOf(id)).toEqual(['100'])
      expect((await keys.told(id))?.providerConfigs).toMatchObject([{ allowedModels: ['small'] }])
    }
    expect((await keys.told(early))?.status).toBe('active')
    expect((await keys.told(late))?.status).toBe('inactive')
  })

  it('leaves a profile whose provider key is gone for good, and says so', async () => {
    const addKey = mutation('addProviderKey', 'ProviderKey')
    const key = { providerId: keys.providerId, name: 'gone', secret: 'a-secret-of-a-provider' }
    const { id: providerKeyId } = await acme.mutate(addKey, key)
    const providerConfigs = [keys.config({ providerKeyIds: [providerKeyId] })]
    const { id } = await acme.mutate(createProfile, { name: 'named it', providerConfigs })
    const follower = await issue(id)
    const revision = await present()
    await acme.mutate(updateProfile, { id, providerConfigs: [keys.config()] })
    await acme.mutate(deletion('removeProviderKey', 'RevocationInput'), { id: providerKeyId })
    const refused = await acme.mutate(rollBack, { revision })
    expect(refused.message).toContain(`access profile ${id} names the provider key ${providerKeyId}`)
    await back({ revision, skipUnrestorable: true })
    expect((await keys.told(follower))?.providerConfigs).toMatchObject([{ providerKeyIds: ['*'] }])
  })
})
