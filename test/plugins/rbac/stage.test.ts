import { expect, it } from 'vitest'
import rbac from '../../../plugins/rbac/index.ts'
import { orderByWeight } from '../../../plugins/rbac/weighted-order.ts'
import { FakeCall } from '../fake-call.ts'
import { grant, key, model, provider } from '../fake-configuration.ts'
import { fakeHost } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'

const small = model('small')
const target = (name: string, weight: number | null) => ({
  grant: grant(provider(name, [small]), ['*'], { weight }),
  model: small,
})
const namesOf = (call: FakeCall) => call.targets.map(({ grant: { provider: granted } }) => granted.name)

it.each([
  ['missing', { messages: [] }],
  ['empty', { model: '' }],
])('asks for the model when it is %s', async (_, body) => {
  const { host } = fakeHost()
  const call = new FakeCall({ body, key: key({ grants: [grant(provider('acme'))] }) })
  const refusal = await refusalOf(() => rbac.setup({}, host).onCall?.(call))
  expect(refusal).toMatchObject({ code: 'invalid_request_error', status: 400, details: { param: 'model' } })
})

it('needs no model for the list of models', () => {
  const { host } = fakeHost()
  rbac.setup({}, host).onCall?.(new FakeCall({ operation: 'models.list', key: key() }))
})

it('puts the drawn provider first and keeps the others behind it', () => {
  const { host } = fakeHost({ random: () => 0.9 })
  const grants = [grant(provider('acme', [small])), grant(provider('openai', [small]))]
  const call = new FakeCall({ key: key({ grants }) })
  rbac.setup({}, host).onCall?.(call)
  expect(namesOf(call)).toEqual(['openai', 'acme'])
})

it('draws by weight: 0.8 to 0.2 sends four of five calls to the first [S1-21]', () => {
  const targets = [target('heavy', 0.8), target('light', 0.2)]
  const draws = Array.from({ length: 1000 }, (_, index) => index / 1000)
  const first = draws.filter((draw) => orderByWeight(targets, () => draw)[0] === targets[0])
  expect(first).toHaveLength(800)
})

it('asks a provider without a weight last', () => {
  const targets = [target('reserve', null), target('one', 1), target('two', 1)]
  const ordered = orderByWeight(targets, () => 0.99).map(({ grant: { provider: granted } }) => granted.name)
  expect(ordered).toEqual(['two', 'one', 'reserve'])
})
