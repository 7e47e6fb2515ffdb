import { describe, expect, it } from 'vitest'
import type { Entity } from '../../../contract/configuration/entities.ts'
import { ConfigurationCompiler } from '../../../data-plane/config/compile.ts'
import { EntityIndex } from '../../../data-plane/config/entity-index.ts'
import { baseEntities, budget, digestOf, model, provider, providerKey, user, virtualKey } from './entities.ts'

const version = {
  organizationId: 'org_1',
  epoch: 1,
  revision: 1,
  hash: '0'.repeat(64),
  revoked: new Set<string>(),
}
const noPause = async () => {}

async function indexOf(entities: readonly Entity[], from = EntityIndex.empty()): Promise<EntityIndex> {
  const draft = from.draft()
  for (const entity of entities) draft.put(entity)
  return draft.finish(noPause)
}

async function compile(...more: readonly Entity[]) {
  return new ConfigurationCompiler().compile(await indexOf([...baseEntities, ...more]), version)
}

describe('a key is charged along the whole chain above it', () => {
  it('team, business unit, customer, organization', async () => {
    const levels = [
      budget('b_key', 'virtual_key', 'vk_1'),
      budget('b_team', 'team', 'team_1'),
      budget('b_unit', 'business_unit', 'bu_1'),
      budget('b_customer', 'customer', 'cus_1'),
      budget('b_organization', 'organization', 'org_1'),
      budget('b_config', 'provider_config', 'pc_vk_1'),
    ]
    const key = (await compile(...levels)).keyByDigest(digestOf('vk_1'))
    expect(key?.principal).toEqual({
      organizationId: 'org_1',
      workspaceId: 'ws_1',
      customerId: 'cus_1',
      businessUnitId: 'bu_1',
      teamId: 'team_1',
      userId: null,
    })
    expect(key?.budgets.map(({ id }) => id)).toEqual([
      'b_organization',
      'b_customer',
      'b_unit',
      'b_team',
      'b_key',
    ])
    expect(key?.grants[0]?.budgets.map(({ id }) => id)).toEqual(['b_config'])
  })

  it("a user's key: the user and the team above", async () => {
    const owned = virtualKey('vk_2', { owner: { kind: 'user', id: 'usr_1' } })
    const key = (await compile(owned, budget('b_user', 'user', 'usr_1'))).keyByDigest(digestOf('vk_2'))
    expect(key?.principal).toMatchObject({ userId: 'usr_1', teamId: 'team_1', customerId: 'cus_1' })
    expect(key?.budgets.map(({ scope }) => scope)).toEqual(['user'])
  })

  it("a customer's key: the customer alone", async () => {
    const owned = virtualKey('vk_2', { owner: { kind: 'customer', id: 'cus_1' } })
    const key = (await compile(owned)).keyByDigest(digestOf('vk_2'))
    expect(key?.principal).toMatchObject({
      customerId: 'cus_1',
      businessUnitId: null,
      teamId: null,
      userId: null,
    })
  })

  it('the key of an inactive user is inactive', async () => {
    const owned = virtualKey('vk_2', { owner: { kind: 'user', id: 'usr_1' } })
    const configuration = await compile(owned, { ...user, active: false } as Entity)
    expect(configuration.keyByDigest(digestOf('vk_2'))?.status).toBe('inactive')
  })
})

describe('grants', () => {
  it('an empty list allows nothing, a star everything, a name itself alone', async () => {
    const config = { providerId: 'prov_1', weight: 1, providerKeyIds: ['*'] }
    const key = (
      await compile(
        virtualKey('vk_2', {
          providerConfigs: [
            { ...config, id: 'pc_none', allowedModels: [] },
            { ...config, id: 'pc_all', allowedModels: ['*'] },
            { ...config, id: 'pc_one', allowedModels: ['gpt-4o-mini'] },
          ],
        }),
      )
    ).keyByDigest(digestOf('vk_2'))
    const allowed = (name: string) => key?.grants.map((grant) => grant.allowsModel(name))
    expect(allowed('gpt-4o-mini')).toEqual([false, true, true])
    expect(allowed('gpt-4o')).toEqual([false, true, false])
  })

  it('holds the active provider keys that are named, and no others', async () => {
    const config = { id: 'pc_a', providerId: 'prov_1', weight: 1, allowedModels: ['*'] }
    const entities: Entity[] = [
      { ...providerKey, id: 'pk_2' } as Entity,
      { ...providerKey, id: 'pk_3', active: false } as Entity,
      virtualKey('vk_2', { providerConfigs: [{ ...config, providerKeyIds: ['pk_2', 'pk_3'] }] }),
    ]
    const key = (await compile(...entities)).keyByDigest(digestOf('vk_2'))
    expect(key?.grants[0]?.providerKeys.map(({ id }) => id)).toEqual(['pk_2'])
  })

  it('a key for all providers has a grant for each, the configured ones as they are', async () => {
    const second = { ...provider, id: 'prov_2', name: 'second' } as Entity
    const key = (await compile(second, virtualKey('vk_2', { allowAllProviders: true }))).keyByDigest(
      digestOf('vk_2'),
    )
    expect(key?.grants.map(({ id, weight }) => ({ id, weight }))).toEqual([
      { id: 'pc_vk_2', weight: 1 },
      { id: 'vk_2:prov_2', weight: null },
    ])
    expect(key?.grants[1]?.allowsModel('anything')).toBe(true)
  })

  it('a blocked model is blocked under its own name and under an alias', async () => {
    const alias = { ...model, id: 'mdl_2', name: 'quick' } as Entity
    const config = { id: 'pc_2', providerId: 'prov_1', weight: 1, providerKeyIds: ['*'] }
    const configs = [{ ...config, allowedModels: ['*'], blockedModels: ['gpt-4o-mini'] }]
    const key = (await compile(alias, virtualKey('vk_2', { providerConfigs: configs }))).keyByDigest(
      digestOf('vk_2'),
    )
    const allowed = ['quick', 'gpt-4o-mini', 'gpt-4o'].map((name) => key?.grants[0]?.allowsModel(name))
    expect(allowed).toEqual([false, false, true])
  })

  describe('the owner of a key [S0-24]', () => {
    const open = { allowedModels: ['*'], deniedModels: [], allowedProviders: ['*'], deniedProviders: [] }
    const alias = { ...model, id: 'mdl_2', name: 'quick' } as Entity
    const second = { ...provider, id: 'prov_2', name: 'anthropic' } as Entity
    const owned = virtualKey('vk_2', { owner: { kind: 'user', id: 'usr_1' }, allowAllProviders: true })

    async function permitted(access: object | undefined): Promise<string[]> {
      const restricted = { ...user, ...(access && { access: { ...open, ...access } }) } as Entity
      const key = (await compile(restricted, alias, second, owned)).keyByDigest(digestOf('vk_2'))
      return (key?.grants ?? []).flatMap((grant) =>
        ['gpt-4o', 'gpt-4o-mini', 'quick']
          .filter((name) => grant.ownerMayUse(name))
          .map((name) => `${grant.provider.name}/${name}`),
      )
    }

    const all = ['openai/gpt-4o', 'openai/gpt-4o-mini', 'openai/quick']
    const others = ['anthropic/gpt-4o', 'anthropic/gpt-4o-mini', 'anthropic/quick']

    it.each([
      ['nothing is restricted', undefined, [...all, ...others]],
      ['everything is allowed', {}, [...all, ...others]],
      ['no model is allowed', { allowedModels: [] }, []],
      ['no provider is allowed', { allowedProviders: [] }, []],
      ['one provider is allowed', { allowedProviders: ['openai'] }, all],
      ['a provider is denied', { deniedProviders: ['anthropic'] }, all],
      ['a pattern of providers is denied', { deniedProviders: ['regex:anth.*'] }, all],
      [
        'a provider is both allowed and denied',
        { allowedProviders: ['openai'], deniedProviders: ['openai'] },
        [],
      ],
      ['every model is denied', { allowedModels: ['gpt-4o'], deniedModels: ['*'] }, []],
      [
        'a pattern of models is allowed and one of them denied',
        { allowedModels: ['regex:gpt-.*'], deniedModels: ['GPT-4o'] },
        ['openai/gpt-4o-mini', 'anthropic/gpt-4o-mini'],
      ],
      [
        'a denied model has an alias',
        { allowedProviders: ['openai'], deniedModels: ['gpt-4o-mini'] },
        ['openai/gpt-4o'],
      ],
    ])('may use what is left when %s', async (_, access, expected) => {
      expect(await permitted(access)).toEqual(expected)
    })

    it('is restricted, and a team is not', async () => {
      const restricted = { ...user, access: { ...open, allowedModels: [] } } as Entity
      const key = (await compile(restricted)).keyByDigest(digestOf('vk_1'))
      expect(key?.grants[0]?.ownerMayUse('gpt-4o')).toBe(true)
    })
  })

  it('a provider has its models by name, and no slash at the end of its URL', async () => {
    const grant = (await compile()).keyByDigest(digestOf('vk_1'))?.grants[0]
    expect(grant?.provider).toMatchObject({ baseUrl: 'http://127.0.0.1:9/v1', origin: 'http://127.0.0.1:9' })
    expect(grant?.provider.model('gpt-4o-mini')?.pricesAt(0)?.outputNanoUsdPerMillionTokens).toBe(600_000_000)
    expect(grant?.provider.models.map(({ name }) => name)).toEqual([model.kind === 'model' ? model.name : ''])
  })
})

it('a model costs by the clock what its schedule says, to the millisecond, without another revision', async () => {
  const prices = model.kind === 'model' ? model.prices : null
  if (model.kind !== 'model' || !prices) return expect.unreachable('the test needs prices')
  const dearer = (times: number) => ({ ...prices, inputNanoUsdPerMillionTokens: times })
  const scheduledPrices = [
    { from: 1_000, prices: dearer(1) },
    { from: 2_000, prices: dearer(2) },
  ]
  const grant = (await compile({ ...model, scheduledPrices })).keyByDigest(digestOf('vk_1'))?.grants[0]
  const compiled = grant?.provider.model('gpt-4o-mini')
  const priceAt = (at: number) => compiled?.pricesAt(at)?.inputNanoUsdPerMillionTokens
  expect([0, 999, 1_000, 1_999, 2_000, 9_000].map(priceAt)).toEqual([
    ...[prices.inputNanoUsdPerMillionTokens, prices.inputNanoUsdPerMillionTokens],
    ...[1, 1, 2, 2],
  ])
})

describe('a revision costs what it changes', () => {
  it('another key leaves compiled keys as they are; a team, a budget or a provider does not', async () => {
    const compiler = new ConfigurationCompiler()
    const first = await indexOf(baseEntities)
    const compiled = compiler.compile(first, version).keyByDigest(digestOf('vk_1'))
    const second = await indexOf([virtualKey('vk_2')], first)
    expect(compiler.compile(second, version).keyByDigest(digestOf('vk_1'))).toBe(compiled)
    const third = await indexOf([{ ...provider, active: false } as Entity], second)
    const recompiled = compiler.compile(third, version).keyByDigest(digestOf('vk_1'))
    expect(recompiled?.grants[0]?.provider.active).toBe(false)
    expect(compiled?.grants[0]?.provider.active).toBe(true)
  })

  it('plugin settings keep their identity until a plugin changes', async () => {
    const plugin: Entity = {
      kind: 'plugin',
      id: 'plg_1',
      name: 'block-words',
      enabled: true,
      position: { side: 'before', of: 'provider' },
      order: 1,
      config: {},
    }
    const compiler = new ConfigurationCompiler()
    const first = await indexOf([...baseEntities, plugin])
    const second = await indexOf([virtualKey('vk_2')], first)
    const third = await indexOf([{ ...plugin, config: { words: ['x'] } }], second)
    const [a, b, c] = [first, second, third].map((index) => compiler.compile(index, version).plugins)
    expect(b).toBe(a)
    expect(c).not.toBe(b)
    expect(c?.[0]?.config).toEqual({ words: ['x'] })
  })

  it('the index of an earlier revision stays as it was', async () => {
    const first = await indexOf([...baseEntities])
    const draft = first.draft()
    draft.remove('virtual_key/vk_1')
    draft.put(virtualKey('vk_2'))
    const second = await draft.finish(noPause)
    expect(first.keyByDigest(digestOf('vk_1'))?.id).toBe('vk_1')
    expect(first.keyByDigest(digestOf('vk_2'))).toBeUndefined()
    expect(second.keyByDigest(digestOf('vk_1'))).toBeUndefined()
  })

  it('two keys may trade a digest within one revision', async () => {
    const first = await indexOf([...baseEntities, virtualKey('vk_2')])
    const traded = await indexOf(
      [
        virtualKey('vk_1', { secretDigests: virtualKey('vk_2').secretDigests }),
        virtualKey('vk_2', { secretDigests: virtualKey('vk_1').secretDigests }),
      ],
      first,
    )
    expect(traded.keyByDigest(digestOf('vk_1'))?.id).toBe('vk_2')
  })
})

it('a provider whose base URL is none refuses the revision', async () => {
  await expect(
    compile({ ...provider, id: 'prov_2', name: 'broken', baseUrl: 'nowhere' } as Entity),
  ).rejects.toThrow('provider/prov_2 has a baseUrl that is no URL')
})

describe('the client configuration', () => {
  const client: Entity = {
    ...{ kind: 'client_configuration', id: 'ccf_1', allowedOrigins: [], allowedHeaders: [] },
    headerFilter: { allowlist: [], denylist: [], forwardDirect: false },
  }

  it('asks nothing of callers unless it says so, which costs calls nothing', async () => {
    for (const configuration of [await compile(), await compile(client)]) {
      expect(configuration).toMatchObject({ requiredHeaders: [], admitsAddress: null, isTrustedProxy: null })
    }
  })

  it('is compiled once, however many revisions follow that do not change it', async () => {
    const compiler = new ConfigurationCompiler()
    const first = await indexOf([...baseEntities, { ...client, ipAllowlist: ['10.0.0.0/8'] }])
    const second = await indexOf([virtualKey('vk_2')], first)
    const third = await indexOf([{ ...client, ipAllowlist: ['11.0.0.0/8'] }], second)
    const [a, b, c] = [first, second, third].map((index) => compiler.compile(index, version).admitsAddress)
    expect(b).toBe(a)
    expect([a?.('10.0.0.1'), c?.('10.0.0.1')]).toEqual([true, false])
  })

  it.each([
    [{ ipAllowlist: ['10.0.0.0/40'] }, 'client_configuration/ccf_1: must have a prefix length from 0 to 32'],
    [{ trustedProxies: ['proxy'] }, 'client_configuration/ccf_1: is no network'],
    [
      { requiredHeaders: [{ name: 'x-a', pattern: '(' }] },
      'client_configuration/ccf_1: error parsing regexp',
    ],
  ])(
    'with what cannot be used refuses the revision instead of opening the gateway: %j',
    async (bad, reason) => {
      await expect(compile({ ...client, ...bad })).rejects.toThrow(reason)
    },
  )
})
