import { describe, expect, it } from 'vitest'
import { findTargets } from '../../../plugins/rbac/targets.ts'
import { grant, model, provider } from '../fake-configuration.ts'
import { refusalOf } from '../refusal.ts'

const openai = provider('openai', [model('small'), model('large')])
const acme = provider('acme', [model('small')])

const namesOf = (targets: ReturnType<typeof findTargets>) =>
  targets.map(({ grant: { provider: granted }, model: found }) => `${granted.name}:${found.name}`)

describe('a model without a provider goes wherever the key may use it', () => {
  it('to every provider that allows it', () => {
    expect(namesOf(findTargets([grant(openai), grant(acme)], 'small'))).toEqual([
      'openai:small',
      'acme:small',
    ])
  })

  it('to the providers whose catalogue has it, if any has', () => {
    expect(namesOf(findTargets([grant(acme), grant(openai)], 'large'))).toEqual(['openai:large'])
  })

  it('to a provider whose catalogue does not know it, without a price', () => {
    const [target] = findTargets([grant(acme)], 'brand-new')
    expect(target?.model).toMatchObject({ name: 'brand-new', upstreamName: 'brand-new' })
    expect(target?.model.pricesAt(0)).toBeNull()
  })
})

describe('provider/model', () => {
  it('pins the provider', () => {
    expect(namesOf(findTargets([grant(openai), grant(acme)], 'acme/small'))).toEqual(['acme:small'])
  })

  it('is a plain name when no provider of the key is called so', () => {
    const router = provider('router', [model('meta/llama')])
    expect(namesOf(findTargets([grant(router)], 'meta/llama'))).toEqual(['router:meta/llama'])
    expect(namesOf(findTargets([grant(router)], 'router/meta/llama'))).toEqual(['router:meta/llama'])
  })

  it('is refused for a provider that the key does not have [S0-32]', async () => {
    const refusal = await refusalOf(() => findTargets([grant(openai, ['small'])], 'anthropic/claude'))
    expect(refusal).toMatchObject({ code: 'provider_blocked', status: 403, details: { param: 'model' } })
  })
})

describe('refusals', () => {
  it('a model that is not allowed [S0-32]', async () => {
    const refusal = await refusalOf(() => findTargets([grant(openai, ['small'])], 'large'))
    expect(refusal).toMatchObject({ code: 'model_blocked', status: 403, details: { param: 'model' } })
  })

  it('a pinned model that only another provider allows', async () => {
    const grants = [grant(openai, ['large']), grant(acme, ['small'])]
    expect((await refusalOf(() => findTargets(grants, 'openai/small'))).code).toBe('model_blocked')
  })

  it('an empty list allows nothing [X0-23]', async () => {
    expect((await refusalOf(() => findTargets([grant(openai, [])], 'small'))).code).toBe('model_blocked')
  })

  it('what the key may use and its owner may not, in the words of the ledger [S0-24]', async () => {
    const grants = [grant(openai, ['*'], { ownerMayUse: (name) => name === 'small' })]
    expect(namesOf(findTargets(grants, 'openai/small'))).toEqual(['openai:small'])
    expect(await refusalOf(() => findTargets(grants, 'large'))).toMatchObject({
      ...{ code: 'user_not_authorized', status: 403, details: { param: 'model' } },
      message: 'User does not have permission to access this model',
    })
  })

  it('what the owner may use and the key may not is the key’s refusal', async () => {
    const grants = [grant(openai, ['small'], { ownerMayUse: () => true })]
    expect((await refusalOf(() => findTargets(grants, 'large'))).code).toBe('model_blocked')
  })

  it('a provider that the owner may not use is not the way round one that they may', async () => {
    const grants = [grant(acme, ['*'], { ownerMayUse: () => false }), grant(openai)]
    expect(namesOf(findTargets(grants, 'small'))).toEqual(['openai:small'])
    expect((await refusalOf(() => findTargets(grants, 'acme/small'))).code).toBe('user_not_authorized')
  })

  it('a key without providers [S0-32]', async () => {
    expect((await refusalOf(() => findTargets([], 'small'))).code).toBe('provider_blocked')
  })

  it('a provider that is switched off', async () => {
    const off = grant(provider('openai', [model('small')], { active: false }))
    const refusal = await refusalOf(() => findTargets([off], 'small'))
    expect(refusal.code).toBe('provider_blocked')
    expect(refusal.message).toContain('not active')
  })

  it('a grant that is switched off, which is not the way round a pinned provider', async () => {
    const grants = [grant(openai, ['*'], { active: false }), grant(acme)]
    expect(namesOf(findTargets(grants, 'small'))).toEqual(['acme:small'])
    const refusal = await refusalOf(() => findTargets(grants, 'openai/small'))
    expect(refusal.code).toBe('provider_blocked')
    expect(refusal.message).toContain('switched off')
  })

  it('a grant without a provider key', async () => {
    const keyless = grant(openai, ['*'], { providerKeys: [] })
    expect((await refusalOf(() => findTargets([keyless], 'small'))).code).toBe('provider_blocked')
  })
})
