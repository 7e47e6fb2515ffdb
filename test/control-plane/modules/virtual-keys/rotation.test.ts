import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTeam, type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'
import { KeyApi } from './key-api.ts'

const rotate: Mutation = {
  field: 'rotateVirtualKeys',
  input: 'RotateVirtualKeysInput',
  selection: '... on RotatedVirtualKeys { rotated { secret virtualKey { id rotatedAt } } }',
}
const revoke: Mutation = {
  field: 'revokeVirtualKey',
  input: 'RevokeVirtualKeyInput',
  selection: '... on VirtualKey { id }',
}

let context: TenantApi
let keys: KeyApi
beforeAll(async () => {
  context = await startTenantApi()
  keys = await KeyApi.start(context)
})
afterAll(() => context.close())

interface Rotated {
  readonly secret: string | null
  readonly virtualKey: { readonly id: string }
}

async function rotated(input: object): Promise<readonly Rotated[]> {
  const result = await context.mutate(rotate, { overlapSeconds: 60, ...input })
  if (result.code !== undefined) throw new Error(result.message)
  return (result as unknown as { rotated: Rotated[] }).rotated
}

const revision = async () =>
  (await context.query<{ configuration: { revision: number } }>('{ configuration { revision } }'))
    .configuration.revision

describe('a rotation in bulk', () => {
  it('gives all keys of a team new secrets, in one revision', async () => {
    const { workspaceId } = context.tenant
    const { id: teamId } = await context.mutate(createTeam, { workspaceId, name: 'rotating' })
    const owner = { teamId }
    const ids = [await keys.issue({ owner }), await keys.issue({ owner })]
    const other = await keys.issue()
    const revoked = await keys.issue({ owner })
    await context.mutate(revoke, { id: revoked })
    const before = await revision()
    const result = await rotated({ filter: { teamId }, rotationKey: 'leak of 3 May' })
    expect(await revision()).toBe(before + 1)
    expect(result.map(({ virtualKey }) => virtualKey.id)).toEqual(ids)
    for (const { secret, virtualKey } of result) {
      const digest = context.api.controlPlane.services.secrets.digestVirtualKey(secret ?? '')
      const digests = (await keys.told(virtualKey.id))?.secretDigests
      expect(digests).toHaveLength(2)
      expect(digests?.[0]).toEqual({ digest, expiresAt: null })
    }
    expect((await keys.told(other))?.secretDigests).toHaveLength(1)
  })

  it('asked again under its name rotates only what is left', async () => {
    const [first, second] = [await keys.issue(), await keys.issue()]
    await rotated({ virtualKeyIds: [first], rotationKey: 'again' })
    const before = await keys.told(first)
    const result = await rotated({ virtualKeyIds: [first, second], rotationKey: 'again' })
    expect(result.map(({ secret }) => secret !== null)).toEqual([false, true])
    expect(await keys.told(first)).toEqual(before)
    const next = await rotated({ virtualKeyIds: [first], rotationKey: 'another' })
    expect(next[0]?.secret).not.toBeNull()
  })

  it('rotates none when one of the keys is refused', async () => {
    const live = await keys.issue()
    const revoked = await keys.issue()
    await context.mutate(revoke, { id: revoked })
    const before = await keys.told(live)
    const input = { virtualKeyIds: [live, revoked], rotationKey: 'mixed', overlapSeconds: 0 }
    expect(await context.mutate(rotate, input)).toMatchObject({ code: 'KEY_REVOKED' })
    const unknown = { virtualKeyIds: [live, 'vk_none'], rotationKey: 'mixed', overlapSeconds: 0 }
    expect(await context.mutate(rotate, unknown)).toMatchObject({ code: 'NOT_FOUND' })
    expect(await keys.told(live)).toEqual(before)
  })

  it.each([
    [{}, /^virtualKeyIds: is required unless/],
    [{ virtualKeyIds: [], filter: {} }, /^filter: cannot be combined/],
    [{ virtualKeyIds: [] }, /^virtualKeyIds: must name 1 to 500/],
    [{ filter: { tag: 'nobody' } }, /^filter: must name 1 to 500/],
  ])('%j is refused', async (selection, message) => {
    const input = { ...selection, rotationKey: 'r', overlapSeconds: 0 }
    expect(await context.refusal(rotate, input)).toMatch(message)
  })
})
