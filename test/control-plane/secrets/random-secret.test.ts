import { describe, expect, it } from 'vitest'
import { digestOfSecret, makeSecret, matchesDigest } from '../../../control-plane/secrets/random-secret.ts'

describe('a secret', () => {
  it('has 256 bits, other ones each time', () => {
    const secrets = Array.from({ length: 100 }, makeSecret)
    expect(new Set(secrets).size).toBe(100)
    for (const secret of secrets) expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
  })

  it('matches its own digest alone, and no damaged one', () => {
    const secret = makeSecret()
    const digest = digestOfSecret(secret)
    expect(matchesDigest(secret, digest)).toBe(true)
    expect(matchesDigest(makeSecret(), digest)).toBe(false)
    expect(matchesDigest(secret, '')).toBe(false)
    expect(matchesDigest(secret, digest.slice(1))).toBe(false)
  })
})
