import Type from 'typebox'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../../../../control-plane/db/id.ts'
import { type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'

const fields = 'name version builtin enabled position { side of } order config configSchema'
const configure: Mutation = {
  field: 'configurePlugin',
  input: 'ConfigurePluginInput',
  selection: `... on Plugin { ${fields} }`,
}

const closed = { additionalProperties: false }
const loaded = [
  {
    name: 'budget',
    version: '1.0.0',
    builtin: true,
    configSchema: Type.Object({ defaultOutputTokens: Type.Integer({ minimum: 1, default: 4096 }) }, closed),
  },
  {
    name: 'block-words',
    version: '2.1.0',
    builtin: false,
    configSchema: Type.Object({ words: Type.Array(Type.String({ minLength: 1 })) }, closed),
  },
]

let context: TenantApi
beforeAll(async () => {
  context = await startTenantApi()
  await report(loaded)
})
afterAll(() => context.close())

async function report(plugins: readonly object[]): Promise<void> {
  const { organizationId } = context.tenant
  await context.api.controlPlane.database.transaction(organizationId, async (em) => {
    await em.execute('delete from data_planes where org_id = ?', [organizationId])
    await em.execute(
      `insert into data_planes (id, org_id, name, version, signing_key, sealing_key, enrolled_at, last_seen_at, plugins)
       values (?, ?, 'test', '0.0.0', '{}', '{}', now(), now(), ?::jsonb)`,
      [newId('dp'), organizationId, JSON.stringify(plugins)],
    )
  })
}

const words = { name: 'block-words', enabled: true, position: { side: 'AFTER', of: 'budget' } }

describe('plugins', () => {
  beforeEach(() => report(loaded))

  it('those that data planes reported are listed with their schema; a custom one is off until configured', async () => {
    const { plugins } = await context.query<{ plugins: { edges: { node: object }[]; totalCount: number } }>(
      `{ plugins { totalCount edges { node { ${fields} } } } }`,
    )
    expect(plugins.totalCount).toBe(2)
    expect(plugins.edges.map(({ node }) => node)).toMatchObject([
      { name: 'block-words', version: '2.1.0', builtin: false, enabled: false, position: null, config: {} },
      { name: 'budget', builtin: true, enabled: true, configSchema: { type: 'object' } },
    ])
  })

  it('a custom one is placed, ordered and configured, and data planes are told', async () => {
    const answer = await context.mutate(configure, { ...words, order: 7, config: { words: ['spam'] } })
    expect(answer).toMatchObject({ enabled: true, position: { side: 'AFTER', of: 'budget' }, order: 7 })
    const told = await context.configured('plugin')
    expect(told).toMatchObject([
      {
        name: 'block-words',
        enabled: true,
        position: { side: 'after', of: 'budget' },
        config: { words: ['spam'] },
      },
    ])
    const again = await context.mutate(configure, { name: 'block-words', config: { words: ['ham'] } })
    expect(again).toMatchObject({ enabled: true, order: 7, config: { words: ['ham'] } })
  })

  it.each([
    [{ words: [''] }, /^config at \/words\/0 of the plugin "block-words"/],
    [{ words: ['a'], extra: 1 }, /additional properties: extra/],
    [{}, /required properties words/],
  ])('the configuration %j is refused by the plugin’s schema', async (config, message) => {
    const { code, message: reason } = await context.mutate(configure, { ...words, config })
    expect(code).toBe('PLUGIN_CONFIG_INVALID')
    expect(reason).toMatch(message)
  })

  it('a configuration may leave out what has a default', async () => {
    expect(await context.mutate(configure, { name: 'budget', config: {} })).toMatchObject({ config: {} })
    const zero = { name: 'budget', config: { defaultOutputTokens: 0 } }
    expect(await context.mutate(configure, zero)).toMatchObject({ code: 'PLUGIN_CONFIG_INVALID' })
  })

  it.each([{ enabled: false }, { enabled: true }, { position: words.position }, { order: 1 }])(
    'a built-in one cannot be switched or moved: %j',
    async (change) => {
      const answer = await context.mutate(configure, { name: 'budget', ...change })
      expect(answer).toMatchObject({ code: 'PLUGIN_BUILTIN' })
    },
  )

  it('an unknown one is refused with the names of the known', async () => {
    const answer = await context.mutate(configure, { name: 'blockwords', enabled: true })
    expect(answer).toMatchObject({ code: 'PLUGIN_UNKNOWN' })
    expect(answer.message).toContain('budget, block-words')
  })

  it('a custom one stands beside a built-in one', async () => {
    const beside = { ...words, position: { side: 'BEFORE', of: 'block-words' } }
    expect(await context.refusal(configure, beside)).toMatch(/^position\.of: .* name one of budget/)
  })

  it('one that no data plane runs any more can still be switched off', async () => {
    await context.mutate(configure, { ...words, config: { words: ['spam'] } })
    await report(loaded.slice(0, 1))
    const off = await context.mutate(configure, { name: 'block-words', enabled: false })
    expect(off).toMatchObject({ enabled: false, version: null })
    const on = await context.mutate(configure, { name: 'block-words', enabled: true })
    expect(on).toMatchObject({ code: 'PLUGIN_UNKNOWN' })
  })
})
