import { expect, it } from 'vitest'
import { clientAuthentication } from '../../../control-plane/sign-in/client-authentication.ts'

function sent(methods: readonly string[] | undefined, secret: string) {
  const metadata = {
    issuer: 'https://id.example.com',
    ...(methods && { token_endpoint_auth_methods_supported: [...methods] }),
  }
  const [body, headers] = [new URLSearchParams(), new Headers()]
  clientAuthentication(metadata, secret)(metadata, { client_id: 'gate-house' }, body, headers)
  const [, basic] = /^Basic (.+)$/.exec(headers.get('authorization') ?? '') ?? []
  return { basic: basic && Buffer.from(basic, 'base64').toString(), body: Object.fromEntries(body) }
}

it.each([
  ['a-b_c.d~8Q', 'a-b_c.d~8Q'],
  ['a secret with % and :', 'a%20secret%20with%20%25%20and%20%3A'],
  ['a+b/c=', 'a%2Bb%2Fc%3D'],
])('the secret %s is sent as %s: encoded where it must be, and nowhere else', (secret, encoded) => {
  for (const methods of [undefined, ['client_secret_post', 'client_secret_basic']]) {
    expect(sent(methods, secret)).toEqual({ basic: `gate-house:${encoded}`, body: {} })
  }
})

it('a provider that takes no Basic authentication is sent the secret in the body', () => {
  expect(sent(['client_secret_post'], 'a-b %')).toEqual({
    ...{ basic: undefined, body: { client_id: 'gate-house', client_secret: 'a-b %' } },
  })
})
