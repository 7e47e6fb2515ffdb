import { credentialHeaders } from 'gatehouse/plugin-sdk/builtin'
import { describe, expect, it } from 'vitest'
import { readCredential } from '../../../plugins/sdk/credential.ts'
import { refusalOf } from '../refusal.ts'

const inHeader = (name: string, secret: string) => (name === 'authorization' ? `Bearer ${secret}` : secret)

describe('a virtual key is read from every accepted header [X0-21]', () => {
  it.each(credentialHeaders)('%s', (name) => {
    expect(readCredential([name, inHeader(name, 'sk-gh-1')])).toBe('sk-gh-1')
    expect(readCredential(['accept', '*/*', name.toUpperCase(), inHeader(name, 'sk-bf-1')])).toBe('sk-bf-1')
  })
})

describe('the same key twice is one key, two keys are ambiguous', () => {
  const pairs = credentialHeaders.flatMap((first) =>
    credentialHeaders.map((second) => [first, second] as const),
  )

  it.each(pairs)('%s and %s', async (first, second) => {
    const same = [first, inHeader(first, 'a-key'), second, inHeader(second, 'a-key')]
    expect(readCredential(same)).toBe('a-key')
    const different = [first, inHeader(first, 'a-key'), second, inHeader(second, 'b-key')]
    expect((await refusalOf(() => readCredential(different))).code).toBe('ambiguous_credentials')
  })
})

describe('what carries no virtual key', () => {
  it.each([
    ['no header at all', []],
    ['another scheme', ['authorization', 'Basic dXNlcjpwYXNz']],
    ['a scheme without a key', ['authorization', 'Bearer   ']],
    ['a key without a scheme', ['authorization', 'sk-gh-1']],
    ['an empty header', ['x-api-key', '']],
    ['a key in the wrong header', ['x-key', 'sk-gh-1']],
  ])('%s', (_, headers) => {
    expect(readCredential(headers)).toBeUndefined()
  })

  it('leaves a key beside another scheme readable', () => {
    expect(readCredential(['Authorization', 'Basic x', 'x-api-key', 'a-key'])).toBe('a-key')
  })
})

it('reads the scheme in any case and trims what surrounds the key', () => {
  expect(readCredential(['Authorization', 'bearer  sk-gh-1 '])).toBe('sk-gh-1')
})

it('does not hash what is too long to be a key', async () => {
  expect(readCredential(['x-bf-vk', 'k'.repeat(512)])).toHaveLength(512)
  const refusal = await refusalOf(() => readCredential(['x-bf-vk', 'k'.repeat(513)]))
  expect(refusal.code).toBe('virtual_key_not_found')
  expect(refusal.message).toContain('512')
})
