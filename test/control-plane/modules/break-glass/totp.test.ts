import { describe, expect, it } from 'vitest'
import { makeTotpSecret, totpStepOf, totpUri } from '../../../../control-plane/modules/break-glass/totp.ts'

/** RFC 6238, appendix B: "12345678901234567890"; its codes have eight digits, of which ours are the last six. */
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const vectors = [
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
] as const

describe('a code of an authenticator', () => {
  it.each(vectors)('at %i s is as RFC 6238 says', (seconds, code) => {
    const step = totpStepOf(secret, code.slice(2), { now: seconds * 1_000, lastStep: null })
    expect(step).toBe(Math.floor(seconds / 30))
  })

  it('is taken one step early and one late, and no further', () => {
    const now = 1_111_111_109_000
    const taken = [-2, -1, 0, 1, 2].map(
      (steps) => totpStepOf(secret, '081804', { now: now + steps * 30_000, lastStep: null }) !== null,
    )
    expect(taken).toEqual([false, true, true, true, false])
  })

  it('is not taken when it, or a later one, was taken before', () => {
    const now = 1_111_111_109_000
    const step = now / 1_000 / 30
    const taken = [-1, 0, 1].map(
      (steps) => totpStepOf(secret, '081804', { now, lastStep: Math.floor(step) + steps }) !== null,
    )
    expect(taken).toEqual([true, false, false])
  })

  it.each(['', '81804', '0081804', '08180４', ' 081804', '000000'])('is not "%s"', (code) => {
    expect(totpStepOf(secret, code, { now: 1_111_111_109_000, lastStep: null })).toBeNull()
  })

  it('has a secret of 160 bits, each another one, that authenticators read', () => {
    const secrets = new Set(Array.from({ length: 100 }, makeTotpSecret))
    expect(secrets.size).toBe(100)
    for (const one of secrets) expect(one).toMatch(/^[A-Z2-7]{32}$/)
    expect(totpUri(secret, 'ann@example.com')).toBe(
      `otpauth://totp/Gatehouse:ann%40example.com?secret=${secret}&issuer=Gatehouse&algorithm=SHA1&digits=6&period=30`,
    )
  })
})
