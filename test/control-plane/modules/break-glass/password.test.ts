import { describe, expect, it } from 'vitest'
import {
  checkPassword,
  hashPassword,
  matchesPassword,
} from '../../../../control-plane/modules/break-glass/password.ts'
import { TooManyAtOnce, takeTurn } from '../../../../control-plane/modules/break-glass/turns.ts'

const about = ['Ann Miller', 'ann.miller@example.com']

describe('a break-glass password', () => {
  it.each([
    ['eleven char', /12 to 256 characters, not 11/],
    ['x'.repeat(257), /12 to 256 characters, not 257/],
    ['password12345', /guessed first/],
    ['Password!2026!', /guessed first/],
    ['123456789012', /guessed first/],
    ['Gatehouse2026!', /guessed first/],
    ['abababababab', /guessed first/],
    ['my name is MILLER', /your name/],
    ['example of a phrase', /your name/],
  ])('is not %j', (password, message) => {
    expect(() => checkPassword(password, about)).toThrow(message)
  })

  it.each(['correct horse battery', 'ばか正直な十二文字以上の合言葉', '7f9c2ba4e88f827d'])(
    'may be %j',
    (password) => {
      expect(checkPassword(password, about)).toBe(password.normalize('NFKC'))
    },
  )

  it('is stored as argon2id of 19 MiB, two passes and one lane, with a salt of its own', async () => {
    const hashes = [await hashPassword('correct horse battery'), await hashPassword('correct horse battery')]
    expect(hashes[0]).toMatch(/^argon2id\$m=19456,t=2,p=1\$[\w-]{22}\$[\w-]{43}$/)
    expect(hashes[0]).not.toBe(hashes[1])
    for (const hash of hashes) expect(await matchesPassword('correct horse battery', hash)).toBe(true)
    expect(await matchesPassword('correct horse batterY', hashes[0] ?? '')).toBe(false)
  })

  it('is the same in whatever composition of characters it is typed', async () => {
    const hash = await hashPassword('caf\u00e9 correct horse')
    expect(await matchesPassword('cafe\u0301 correct horse', hash)).toBe(true)
  })

  it('fits nobody who has none', async () => {
    expect(await matchesPassword('correct horse battery', null)).toBe(false)
  })
})

describe('passwords that are judged at once', () => {
  it('are two, with 16 that wait, and the next one is turned away', async () => {
    const { promise: end, resolve } = Promise.withResolvers<void>()
    let most = 0
    let now = 0
    const work = () =>
      takeTurn(async () => {
        most = Math.max(most, ++now)
        await end
        now--
      })
    const admitted = Array.from({ length: 18 }, work)
    await expect(work()).rejects.toThrow(TooManyAtOnce)
    resolve()
    await Promise.all(admitted)
    expect(most).toBe(2)
    await work()
  })
})
