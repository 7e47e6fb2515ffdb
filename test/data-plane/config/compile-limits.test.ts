import { describe, expect, it } from 'vitest'
import type { Entity, ProviderKey } from '../../../contract/configuration/entities.ts'
import { readEntity } from '../../../contract/configuration/reading.ts'
import { ConfigurationCompiler } from '../../../data-plane/config/compile.ts'
import { EntityIndex } from '../../../data-plane/config/entity-index.ts'
import { baseEntities, digestOf, providerKey, virtualKey } from './entities.ts'

const version = {
  ...{ organizationId: 'org_1', epoch: 1, revision: 1, hash: '0'.repeat(64) },
  revoked: new Set<string>(),
}

async function compile(...more: readonly Entity[]) {
  const draft = EntityIndex.empty().draft()
  for (const entity of [...baseEntities, ...more]) draft.put(entity)
  return new ConfigurationCompiler().compile(await draft.finish(async () => {}), version)
}

const ofTeam = {
  kind: 'request_limit',
  id: 'lim_1',
  owner: { kind: 'team', id: 'team_1' },
  windowSeconds: 60,
} as const

describe('limits of a key', () => {
  it('count calls and tokens apart, each with permits of its own', async () => {
    const limit = { ...ofTeam, maxRequests: 5, maxTokens: 9_000 }
    const key = (await compile(limit)).keyByDigest(digestOf('vk_1'))
    const common = { scope: 'team', windowSeconds: 60 }
    expect(key?.limits).toEqual([
      { ...common, id: 'lim_1', unit: 'requests', max: 5 },
      { ...common, id: 'lim_1:tokens', unit: 'tokens', max: 9_000 },
    ])
  })

  it('may be of tokens alone, and not of nothing', async () => {
    const key = (await compile({ ...ofTeam, maxTokens: 9_000 })).keyByDigest(digestOf('vk_1'))
    expect(key?.limits).toMatchObject([{ unit: 'tokens', max: 9_000 }])
    expect(() => readEntity(ofTeam)).toThrow(/request_limit\/lim_1 cannot be read/)
  })

  it('of calls under way are those of the key and of the provider key', async () => {
    const key = (
      await compile(virtualKey('vk_busy', { maxConcurrentCalls: 3 }), {
        ...(providerKey as ProviderKey),
        id: 'pk_busy',
        maxConcurrentCalls: 7,
      })
    ).keyByDigest(digestOf('vk_busy'))
    expect(key?.concurrency).toEqual({ id: 'vk_busy', max: 3 })
    expect(key?.grants[0]?.providerKeys.map(({ concurrency }) => concurrency)).toContainEqual({
      ...{ id: 'pk_busy', max: 7 },
    })
  })
})
