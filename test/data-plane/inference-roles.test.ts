import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemActor } from '../../control-plane/actor.ts'
import { updateClientConfiguration } from '../../control-plane/modules/client-configuration/service.ts'
import { assignRole, removeRoleAssignment } from '../../control-plane/modules/roles/assignments.ts'
import { createRole, updateRole } from '../../control-plane/modules/roles/service.ts'
import { createUser } from '../../control-plane/modules/users/service.ts'
import { issueVirtualKey } from '../../control-plane/modules/virtual-keys/service.ts'
import { createWorkspace } from '../../control-plane/modules/workspaces/service.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import { eventually } from '../transport/poll.ts'

const minute = 60_000
let gateway: Gateway
let passed = 0
let workspaceId: string
let providerId: string

beforeAll(async () => {
  gateway = await startGateway({ now: () => Date.now() + passed })
  const [team] = await rows<{ workspace_id: string }>('select workspace_id from teams')
  const [provider] = await rows<{ id: string }>('select id from providers')
  workspaceId = team?.workspace_id ?? ''
  providerId = provider?.id ?? ''
  await governByRoles(true)
}, 60_000)
afterAll(() => gateway.stop())

const services = () => gateway.controlPlane.services
const actor = () => systemActor(gateway.organizationId)

function rows<T extends object>(sql: string): Promise<T[]> {
  return services().database.transaction(gateway.organizationId, (em) => em.execute<T[]>(sql))
}

async function governByRoles(rolesGovernInference: boolean): Promise<void> {
  await updateClientConfiguration(services(), actor(), { rolesGovernInference })
  await gateway.applied()
}

type KeyOwner = { readonly userId: string } | { readonly teamId: string }

async function issue(owner: KeyOwner, inWorkspace = workspaceId): Promise<{ id: string; secret: string }> {
  const { virtualKey, secret } = await issueVirtualKey(services(), actor(), {
    ...{ workspaceId: inWorkspace, owner, name: 'key' },
    providerConfigs: [{ providerId, weight: 1, allowedModels: ['*'], providerKeyIds: ['*'] }],
  })
  await gateway.applied()
  return { id: virtualKey.id, secret }
}

/** A user with these roles and a key of their own. */
async function newPerson(...roleIds: readonly string[]) {
  const { id: userId } = await createUser(services(), actor(), { name: 'Ada' })
  for (const roleId of roleIds) await assignRole(services(), actor(), { userId, roleId })
  return { userId, ...(await issue({ userId })) }
}

async function newRole(name: string, permissions: readonly string[], workspaceIds: string[] | null = null) {
  return (await createRole(services(), actor(), { name, permissions, workspaceIds })).id
}

const requests = {
  chat: [
    'chat/completions',
    { model: 'demo-chat', max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] },
  ],
  embeddings: ['embeddings', { model: 'demo-embedding', input: 'Hi' }],
  images: ['images/generations', { model: 'demo-image', prompt: 'Hi' }],
} as const

/** The status, and of a refusal what it says. */
async function ask(secret: string, what: keyof typeof requests): Promise<string> {
  const [path, body] = requests[what]
  const response = await fetch(`${gateway.dataPlanes[0]?.url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify(body),
  })
  const { error } = (await response.json()) as { error?: { type: string; message: string } }
  return error ? `${response.status} ${error.type}: ${error.message}` : String(response.status)
}

const refused = (what: keyof typeof requests) =>
  `403 user_not_authorized: Your roles do not include inference:${what}`

async function each(secret: string) {
  return Promise.all((['chat', 'embeddings', 'images'] as const).map((what) => ask(secret, what)))
}

describe('while roles govern inference', () => {
  it('a user whose roles lack images gets 403 there, and chats; the refusal is on record [X0-02]', async () => {
    const roleId = await newRole('Chats', ['inference:chat'])
    const { id, secret } = await newPerson(roleId)
    expect(await each(secret)).toEqual(['200', refused('embeddings'), refused('images')])
    await eventually('the refusal is recorded', async () => {
      const { data } = await gateway.graphql<{ calls: { edges: { node: object }[] } }>(
        `query ($id: ID!) { usage(filter: { virtualKeyId: $id, outcome: denied }) { totals { requests } } }`,
        { id },
      )
      const { usage } = (data ?? {}) as { usage?: { totals: { requests: number } } }
      return usage?.totals.requests === 2 || undefined
    })
  })

  it('developers may everything, viewers nothing, and of a list of models nobody is asked for a role', async () => {
    const [developer, viewer] = [await newPerson('role_developer'), await newPerson('role_viewer')]
    expect(await each(developer.secret)).toEqual(['200', '200', '200'])
    expect(await each(viewer.secret)).toEqual([refused('chat'), refused('embeddings'), refused('images')])
    const models = await fetch(`${gateway.dataPlanes[0]?.url}/v1/models`, {
      headers: { authorization: `Bearer ${viewer.secret}` },
    })
    expect(models.status).toBe(200)
  })

  it('a key of a team is asked for no role', async () => {
    const [team] = await rows<{ id: string }>('select id from teams')
    const { secret } = await issue({ teamId: team?.id ?? '' })
    expect(await each(secret)).toEqual(['200', '200', '200'])
  })

  it('what is taken away, from a user or from a role, is refused, and what is given back is served', async () => {
    const roleId = await newRole('Draws', ['inference:images'])
    const person = await newPerson('role_viewer')
    const { id } = await assignRole(services(), actor(), { userId: person.userId, roleId })
    await gateway.applied()
    expect(await ask(person.secret, 'images')).toBe('200')

    await updateRole(services(), actor(), { id: roleId, permissions: ['inference:chat'] })
    await gateway.applied()
    expect(await each(person.secret)).toEqual(['200', refused('embeddings'), refused('images')])

    await removeRoleAssignment(services(), actor(), id)
    await gateway.applied()
    expect(await ask(person.secret, 'chat')).toBe(refused('chat'))

    await assignRole(services(), actor(), { userId: person.userId, roleId })
    await gateway.applied()
    expect(await ask(person.secret, 'chat')).toBe('200')
  })

  it('a role is inherited with what it gives, and a system role gives what is not withheld from it', async () => {
    const { id: heir } = await createRole(services(), actor(), {
      ...{ name: 'Heir', permissions: [], inheritedRoleIds: ['role_developer'] },
    })
    const { secret } = await newPerson(heir)
    expect(await ask(secret, 'images')).toBe('200')
    const { permissions } = await rolePermissions('role_developer')
    const withheld = permissions.filter((permission) => permission !== 'inference:images')
    await updateRole(services(), actor(), { id: 'role_developer', permissions: withheld })
    await gateway.applied()
    expect(await ask(secret, 'images')).toBe(refused('images'))
    await updateRole(services(), actor(), { id: 'role_developer', permissions })
    await gateway.applied()
    expect(await ask(secret, 'images')).toBe('200')
  })

  it('a role of one workspace gives inference to keys of that workspace alone', async () => {
    const { id: other } = await createWorkspace(services(), actor(), { name: 'other' })
    const person = await newPerson(await newRole('There', ['inference:*'], [other]))
    const there = await issue({ userId: person.userId }, other)
    expect(await ask(person.secret, 'chat')).toBe(refused('chat'))
    expect(await ask(there.secret, 'chat')).toBe('200')
  })

  it('a role for a while ends by itself, without another revision', async () => {
    const person = await newPerson('role_viewer')
    const expiresAt = new Date(Date.now() + passed + 10 * minute)
    await assignRole(services(), actor(), { userId: person.userId, roleId: 'role_developer', expiresAt })
    await gateway.applied()
    expect(await ask(person.secret, 'chat')).toBe('200')
    const before = await revision()
    passed += 11 * minute
    expect(await ask(person.secret, 'chat')).toBe(refused('chat'))
    expect(await revision()).toBe(before)
  })

  it('a role for a single object gives no inference', async () => {
    const person = await newPerson()
    const { userId, id: objectId } = person
    await assignRole(services(), actor(), { userId, roleId: 'role_developer', objectId })
    await assignRole(services(), actor(), { userId, roleId: 'role_viewer' })
    await gateway.applied()
    expect(await ask(person.secret, 'chat')).toBe(refused('chat'))
  })
})

it('switched off, roles decide about no call, and switched on they do again', async () => {
  const { secret } = await newPerson('role_viewer')
  await governByRoles(false)
  expect(await each(secret)).toEqual(['200', '200', '200'])
  const told = await rows<object>(
    `select from config_entities where kind = 'role' or kind = 'user' and document->'roles' is not null`,
  )
  expect(told).toEqual([])
  await governByRoles(true)
  expect(await ask(secret, 'chat')).toBe(refused('chat'))
})

async function revision(): Promise<number> {
  const { data } = await gateway.graphql<{ configuration: { revision: number } }>(
    '{ configuration { revision } }',
  )
  return data?.configuration.revision ?? 0
}

async function rolePermissions(id: string): Promise<{ permissions: string[] }> {
  const { data } = await gateway.graphql<{ role: { permissions: string[] } }>(
    'query ($id: ID!) { role(id: $id) { permissions } }',
    { id },
  )
  return { permissions: data?.role.permissions ?? [] }
}
