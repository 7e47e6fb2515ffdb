import { describe, expect, it } from 'vitest'
import type { ClientConfiguration, Entity, Role, User } from '../../../contract/configuration/entities.ts'
import type { RawEntity } from '../../../contract/configuration/reading.ts'
import { ConfigurationCompiler } from '../../../data-plane/config/compile.ts'
import { EntityIndex } from '../../../data-plane/config/entity-index.ts'
import { baseEntities, digestOf, virtualKey } from './entities.ts'

const client: ClientConfiguration = {
  ...{ kind: 'client_configuration', id: 'ccf_1', allowedOrigins: [], allowedHeaders: [] },
  headerFilter: { allowlist: [], denylist: [], forwardDirect: false },
}
const governed: ClientConfiguration = { ...client, rolesGovernInference: true }
const owned = virtualKey('vk_own', { owner: { kind: 'user', id: 'usr_1' } })
const elsewhere = virtualKey('vk_there', { owner: { kind: 'user', id: 'usr_1' }, workspaceId: 'ws_2' })

const role = (id: string, operations: string[], more: Partial<Role> = {}): Role => ({
  ...{ kind: 'role', id, operations },
  ...more,
})
const holding = (...roles: NonNullable<User['roles']>): User => ({
  ...{ kind: 'user', id: 'usr_1', teamId: 'team_1', active: true },
  ...(roles.length > 0 && { roles }),
})

async function compile(...more: readonly (Entity | RawEntity)[]) {
  const draft = EntityIndex.empty().draft()
  for (const entity of [...baseEntities, owned, elsewhere, ...more]) draft.put(entity)
  const index = await draft.finish(async () => {})
  const version = { organizationId: 'org_1', epoch: 1, revision: 1, hash: '0'.repeat(64) }
  return new ConfigurationCompiler().compile(index, { ...version, revoked: new Set() })
}

async function inferenceOf(name: string, ...more: readonly (Entity | RawEntity)[]) {
  return (await compile(...more)).keyByDigest(digestOf(name))?.inference
}

const tokenIssuer: Entity = {
  ...{ kind: 'token_issuer', id: 'iss_1', advisory: true, name: 'here', issuer: 'https://gatehouse.example' },
  ...{ audiences: ['gatehouse'], algorithm: 'EdDSA', tokenTypes: null, keys: [], secretId: null },
  ...{ requiredClaims: {}, subjects: 'users', subjectClaim: 'sub', maxAgeSeconds: 900 },
}

const [never, always] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]

describe('what roles give of inference', () => {
  it('is asked of nobody unless the client configuration says so', async () => {
    expect(
      await inferenceOf('vk_own', client, holding({ id: 'role_1' }), role('role_1', ['chat'])),
    ).toBeNull()
    expect(await inferenceOf('vk_own', holding())).toBeNull()
  })

  it('is asked of the user who owns a key, and of no team', async () => {
    expect((await inferenceOf('vk_own', governed, holding()))?.until).toEqual({
      ...{ chat: never, embeddings: never, images: never },
    })
    expect(await inferenceOf('vk_1', governed, holding())).toBeNull()
  })

  it('is what all of them give together, each until it ends', async () => {
    const rights = await inferenceOf(
      'vk_own',
      ...[governed, role('role_1', ['chat', 'embeddings']), role('role_2', ['chat', 'images'])],
      holding({ id: 'role_1', until: 5 }, { id: 'role_2', until: 9 }),
    )
    expect(rights?.until).toEqual({ chat: 9, embeddings: 5, images: 9 })
  })

  it('lasts when one role gives it for good, whatever else ends', async () => {
    const roles = [role('role_1', ['chat']), role('role_2', ['chat'])]
    const held = holding({ id: 'role_1' }, { id: 'role_2', until: 9 })
    expect((await inferenceOf('vk_own', governed, ...roles, held))?.until.chat).toBe(always)
  })

  it('holds for the keys of the workspaces that the role is confined to', async () => {
    const confined = role('role_1', ['chat'], { workspaceIds: ['ws_2'] })
    const more = [governed, confined, holding({ id: 'role_1' })]
    expect((await inferenceOf('vk_own', ...more))?.until.chat).toBe(never)
    expect((await inferenceOf('vk_there', ...more))?.until.chat).toBe(always)
  })

  it('is nothing of a role that is told nowhere, nor of one that the user does not have', async () => {
    const more = [governed, role('role_1', ['chat']), holding({ id: 'role_gone' })]
    expect((await inferenceOf('vk_own', ...more))?.until.chat).toBe(never)
  })

  it('is asked of the user who names a key of their team beside a token', async () => {
    const held = holding({ id: 'role_1' })
    const configuration = await compile(governed, role('role_1', ['images']), held, tokenIssuer)
    const issuer = configuration.tokenIssuer('https://gatehouse.example')
    const key = configuration.keyByDigest(digestOf('vk_1'))
    if (!issuer || !key) return expect.unreachable('the test needs an issuer')
    const used = configuration.tokenUser(issuer, 'usr_1')?.mayUse(key)
    expect(used?.inference?.until).toEqual({ chat: never, embeddings: never, images: always })
    expect(key.inference).toBeNull()
  })
})

describe('of a later release', () => {
  it('a role gives what is known of it, and an operation that is not known is nothing', async () => {
    const more = [governed, role('role_1', ['chat', 'holograms']), holding({ id: 'role_1' })]
    expect(await inferenceOf('vk_own', ...more)).toEqual({
      ...{ until: { chat: always, embeddings: never, images: never }, heldBack: null },
    })
  })

  it('a role that cannot be read gives nothing, and takes nothing that another one gives', async () => {
    const later = { ...role('role_2', ['images']), hours: [] } as RawEntity
    const held = holding({ id: 'role_1' }, { id: 'role_2' })
    expect(await inferenceOf('vk_own', governed, role('role_1', ['chat']), later, held)).toEqual({
      until: { chat: always, embeddings: never, images: never },
      heldBack: 'role/role_2 cannot be read by this release: /hours: unknown member',
    })
  })
})
