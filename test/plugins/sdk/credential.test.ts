import { credentialHeaders } from 'gatehouse/plugin-sdk/builtin'
import { describe, expect, it } from 'vitest'
import { readCredentials } from '../../../plugins/sdk/credential.ts'
import { refusalOf } from '../refusal.ts'

const readSecret = (rawHeaders: readonly string[]) => readCredentials(rawHeaders).secret

const inHeader = (name: string, secret: string) => (name === 'authorization' ? `Bearer ${secret}` : secret)

describe('a virtual key is read from every accepted header [X0-21]', () => {
  it.each(credentialHeaders)('%s', (name) => {
    expect(readSecret([name, inHeader(name, 'sk-gh-1')])).toBe('sk-gh-1')
    expect(readSecret(['accept', '*/*', name.toUpperCase(), inHeader(name, 'sk-bf-1')])).toBe('sk-bf-1')
  })
})

describe('the same key twice is one key, two keys are ambiguous', () => {
  const pairs = credentialHeaders.flatMap((first) =>
    credentialHeaders.map((second) => [first, second] as const),
  )

  it.each(pairs)('%s and %s', async (first, second) => {
    const same = [first, inHeader(first, 'a-key'), second, inHeader(second, 'a-key')]
    expect(readSecret(same)).toBe('a-key')
    const different = [first, inHeader(first, 'a-key'), second, inHeader(second, 'b-key')]
    expect((await refusalOf(() => readSecret(different))).code).toBe('ambiguous_credentials')
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
    expect(readSecret(headers)).toBeUndefined()
  })

  it('leaves a key beside another scheme readable', () => {
    expect(readSecret(['Authorization', 'Basic x', 'x-api-key', 'a-key'])).toBe('a-key')
  })
})

it('reads the scheme in any case and trims what surrounds the key', () => {
  expect(readSecret(['Authorization', 'bearer  sk-gh-1 '])).toBe('sk-gh-1')
})

it('does not hash what is too long to be a key', async () => {
  expect(readSecret(['x-bf-vk', 'k'.repeat(512)])).toHaveLength(512)
  const refusal = await refusalOf(() => readSecret(['x-bf-vk', 'k'.repeat(513)]))
  expect(refusal.code).toBe('virtual_key_not_found')
  expect(refusal.message).toContain('512')
})

describe('an access token', () => {
  const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl'

  it('is read from Authorization, alone or beside a virtual key', () => {
    expect(readCredentials(['Authorization', `Bearer ${token}`])).toEqual({ token, secret: undefined })
    const both = ['authorization', `Bearer ${token}`, 'x-bf-vk', 'sk-gh-1']
    expect(readCredentials(both)).toEqual({ token, secret: 'sk-gh-1' })
  })

  it('is a virtual key, though none that there is, in every other header', () => {
    expect(readCredentials(['x-api-key', token])).toEqual({ token: undefined, secret: token })
  })

  it('may be longer than any virtual key', () => {
    const long = `${token}${'A'.repeat(4_096)}`
    expect(readCredentials(['authorization', `Bearer ${long}`]).token).toBe(long)
  })

  it('is ambiguous beside another one', async () => {
    const two = ['authorization', `Bearer ${token}`, 'authorization', `Bearer ${token}A`]
    expect((await refusalOf(() => readCredentials(two))).code).toBe('ambiguous_credentials')
  })
})
