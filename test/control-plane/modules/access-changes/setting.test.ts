import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CredentialKind, credentialKinds } from '../../../../contract/credential-kinds.ts'
import { systemActor } from '../../../../control-plane/actor.ts'
import { stopAccessApproval } from '../../../../control-plane/modules/access-changes/index.ts'
import { updateClientConfiguration } from '../../../../control-plane/modules/client-configuration/service.ts'
import { read } from '../../api.ts'
import { type ApprovalWorld, type Asker, type Person, startApprovalWorld } from './approval-world.ts'

let world: ApprovalWorld
let ada: Person
let ben: Person
beforeAll(async () => {
  world = await startApprovalWorld()
  ;({ ada, ben } = world)
}, 60_000)
afterAll(() => world.setup.close())
beforeEach(() => world.stop())

const set = (asker: Asker, requireApprovalForAccessChanges: boolean) =>
  world.mutate(asker, 'setAccessApproval', { requireApprovalForAccessChanges })
const isRequired = async () => {
  const { data } = await world.ask(ada, '{ accessApproval { requireApprovalForAccessChanges } }')
  return read<{ requireApprovalForAccessChanges: boolean }>(data, 'accessApproval')
    .requireApprovalForAccessChanges
}

describe('whether a second person is needed', () => {
  it('is no unless somebody says so, who may do that alone', async () => {
    expect(await isRequired()).toBe(false)
    expect(await set(ada, true)).toMatchObject({ __typename: 'AccessApproval' })
    expect(await isRequired()).toBe(true)
    expect(await set(ada, true)).toMatchObject({ __typename: 'AccessApproval' })
  })

  it('is taken back by nobody alone', async () => {
    await set(ada, true)
    const { change } = await set(ada, false)
    expect(await world.decide(ada, 'approve', change?.id ?? '')).toMatchObject({
      code: 'SECOND_PERSON_REQUIRED',
    })
    expect(await set(world.setup.tenant.token, false)).toMatchObject({ code: 'SIGN_IN_REQUIRED' })
    expect(await isRequired()).toBe(true)
    expect(await world.decide(ben, 'approve', change?.id ?? '')).toMatchObject({ status: 'APPROVED' })
    expect(await isRequired()).toBe(false)
  })

  it('cannot be said where fewer than two people could approve', async () => {
    await world.sql('update users set active = false where id = ?', [ben.userId])
    expect(await set(ada, true)).toMatchObject({ code: 'TOO_FEW_APPROVERS' })
    await world.sql('update users set active = true where id = ?', [ben.userId])
    expect(await isRequired()).toBe(false)
  })

  it('cannot be said where sessions are not accepted, by which alone people approve', async () => {
    const { api, tenant } = world.setup
    const accept = (...acceptedCredentials: CredentialKind[]) =>
      updateClientConfiguration(api.controlPlane.services, systemActor(tenant.organizationId), {
        acceptedCredentials,
      })
    await accept('API_TOKEN')
    expect(await set(tenant.token, true)).toMatchObject({ code: 'TOO_FEW_APPROVERS' })
    await accept(...credentialKinds)
    expect(await isRequired()).toBe(false)
  })

  it('is ended by whoever has the database, and that is on record', async () => {
    await set(ada, true)
    const { database } = world.setup.api.controlPlane
    expect(await stopAccessApproval(database, world.setup.tenant.organizationId)).toBe(true)
    expect(await isRequired()).toBe(false)
    expect((await world.audited('access_approval.set'))[0]).toMatchObject({
      ...{ actor: { name: 'Gatehouse' }, details: { requireApprovalForAccessChanges: false } },
    })
    expect(await stopAccessApproval(database, world.setup.tenant.organizationId)).toBe(false)
  })
})

describe('no way leads around the second person', () => {
  const roles = () => world.sql('select id, name, permissions, version from roles order by id')
  const apply = async (document: object, dryRun = false) => {
    const mutation = `mutation ($input: ApplyConfigurationInput!) { applyConfiguration(input: $input) {
      __typename ... on ConfigurationFileInvalid { problems { path message } } } }`
    const { data, errors } = await world.ask(ada, mutation, { input: { document, dryRun } })
    if (!data) throw new Error(JSON.stringify(errors))
    return read<object>(data, 'applyConfiguration')
  }

  it('no configuration file', async () => {
    await set(ada, true)
    const before = await roles()
    const document = { version: 1, roles: [{ name: 'by file', permissions: ['teams:view'] }] }
    const refused = {
      __typename: 'ConfigurationFileInvalid',
      problems: [{ path: '/roles/0', message: expect.stringContaining('a second person') }],
    }
    expect(await apply(document)).toEqual(refused)
    expect(await apply(document, true)).toEqual(refused)
    expect(await roles()).toEqual(before)
    expect(await apply({ version: 1, customers: [] })).toMatchObject({ __typename: 'AppliedConfiguration' })
  })

  it('no roll-back, and none of the setting', async () => {
    const revision = async () => {
      const { data } = await world.ask(ada, '{ configuration { revision } }')
      return read<{ revision: number }>(data, 'configuration').revision
    }
    const rollBack = async (to: number) => {
      const mutation = `mutation ($input: RollBackConfigurationInput!) { rollBackConfiguration(input: $input) {
        __typename ... on Refusal { code } } }`
      const { data } = await world.ask(ada, mutation, { input: { revision: to } })
      return read<object>(data, 'rollBackConfiguration')
    }
    const { id = '' } = await world.mutate(ada, 'createRole', { name: 'narrow', permissions: ['teams:*'] })
    const wide = await revision()
    await world.mutate(ada, 'updateRole', { id, permissions: ['teams:view'] })
    await set(ada, true)
    const before = await roles()
    expect(await rollBack(wide)).toMatchObject({ code: 'ACCESS_CHANGES_NEED_APPROVAL' })
    expect(await roles()).toEqual(before)
    const narrow = await revision()
    const document = `mutation { updateOrganization(input: {name: "Another"}) { __typename } }`
    await world.ask(ada, document)
    expect(await rollBack(narrow)).toMatchObject({ __typename: 'RolledBackConfiguration' })
    expect(await isRequired()).toBe(true)
  })
})
