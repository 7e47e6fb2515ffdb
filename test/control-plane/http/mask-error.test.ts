import { afterAll, beforeAll, expect, it } from 'vitest'
import { startApi, type TestApi } from '../api.ts'

let api: TestApi
let token: string
beforeAll(async () => {
  api = await startApi()
  token = (await api.createTenant('Acme')).token
})
afterAll(() => api.close())

const addKey = 'mutation ($input: AddProviderKeyInput!) { addProviderKey(input: $input) { __typename } }'

it.each([
  [{ name: 'main', secret: 'sk-secret' }, 'Field "providerId" of required type "ID!" was not provided.'],
  [
    { providerId: 'prov_1', name: 'main', secret: ['sk-secret'] },
    'at "input.secret"; String cannot represent',
  ],
  [{ providerId: 'prov_1', name: 'a; b', secret: 'sk-secret', extra: 1 }, 'Field "extra" is not defined'],
  ['sk-secret', 'Expected type "AddProviderKeyInput" to be an object.'],
])(
  'a variable that does not fit is refused with its place and reason, not with its value: %j',
  async (input, said) => {
    const { errors } = await api.ask(token, addKey, { input })
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
    expect(errors[0]?.message).toContain('"$input"')
    expect(errors[0]?.message).toContain(said)
    expect(JSON.stringify(errors)).not.toContain('sk-secret')
    expect(api.logged.join('')).not.toContain('sk-secret')
  },
)
