import { describe, expect, it } from 'vitest'
import { KeyCache, KeysUnusable, readKeySet } from '../../../control-plane/sign-in/jwks.ts'
import { ecPair, rsaPair } from './forged-tokens.ts'

const [one, two, three] = [ecPair('one'), ecPair('two'), ecPair('three')]

/** A provider whose keys and health can be changed, and a clock that stands until it is moved. */
function provider(...jwks: readonly unknown[]) {
  const state = { jwks, fetches: 0, isDown: false, now: 1_000_000 }
  const load = async () => {
    state.fetches += 1
    if (state.isDown) throw new Error('down')
    return { keys: state.jwks }
  }
  return { state, cache: new KeyCache({ load, now: () => state.now }) }
}

describe('the keys of a provider', () => {
  it('are fetched once for many tokens at a time', async () => {
    const { state, cache } = provider(one.jwk)
    const found = await Promise.all(Array.from({ length: 20 }, () => cache.find('one', 'ES256')))
    expect(found.every((key) => key?.kid === 'one')).toBe(true)
    expect(state.fetches).toBe(1)
  })

  it('are fetched again once for an unknown key, and then not for 30 s, whatever tokens name', async () => {
    const { state, cache } = provider(one.jwk)
    await cache.find('one', 'ES256')
    state.now += 30_000
    for (let attempt = 0; attempt < 20; attempt++) {
      await expect(cache.find(`random-${attempt}`, 'ES256')).resolves.toBeUndefined()
      state.now += 100
    }
    expect(state.fetches).toBe(2)
  })

  it('are known after a rotation with one more fetch', async () => {
    const { state, cache } = provider(one.jwk)
    await cache.find('one', 'ES256')
    state.jwks = [one.jwk, two.jwk]
    state.now += 30_000
    await expect(cache.find('two', 'ES256')).resolves.toMatchObject({ kid: 'two' })
    await expect(cache.find('one', 'ES256')).resolves.toMatchObject({ kid: 'one' })
    expect(state.fetches).toBe(2)
  })

  it('are believed for 10 minutes after the provider withdrew them, and no longer', async () => {
    const { state, cache } = provider(one.jwk)
    await cache.find('one', 'ES256')
    state.jwks = [two.jwk]
    state.now += 599_999
    await expect(cache.find('one', 'ES256')).resolves.toBeDefined()
    state.now += 1
    await expect(cache.find('one', 'ES256')).resolves.toBeUndefined()
  })

  it('still verify while they cannot be fetched, which is tried every 30 s', async () => {
    const { state, cache } = provider(one.jwk)
    await cache.find('one', 'ES256')
    state.isDown = true
    state.now += 600_000
    for (let seconds = 0; seconds < 60; seconds++) {
      await expect(cache.find('one', 'ES256')).resolves.toBeDefined()
      state.now += 1_000
    }
    expect(state.fetches).toBe(3)
    state.isDown = false
    await cache.find('one', 'ES256')
    expect(state.fetches).toBe(4)
  })

  it('are not believed a day after the last fetch, or whoever cuts us off keeps a withdrawn key alive', async () => {
    const { state, cache } = provider(one.jwk)
    await cache.find('one', 'ES256')
    state.isDown = true
    state.now += 24 * 3_600_000
    await expect(cache.find('one', 'ES256')).rejects.toThrow('down')
  })

  it('survive an answer without a usable key', async () => {
    const { state, cache } = provider(one.jwk)
    await cache.find('one', 'ES256')
    state.jwks = []
    state.now += 600_000
    await expect(cache.find('one', 'ES256')).resolves.toBeDefined()
  })

  it('are asked for anew 5 s after there was no answer, and not before, whatever tokens come', async () => {
    const { state, cache } = provider(one.jwk)
    state.isDown = true
    for (let attempt = 0; attempt < 20; attempt++) {
      await expect(cache.find(`random-${attempt}`, 'ES256')).rejects.toThrow('down')
      state.now += 200
    }
    expect(state.fetches).toBe(1)
    state.isDown = false
    state.now += 1_000
    await expect(cache.find('one', 'ES256')).resolves.toBeDefined()
  })

  it('are forgotten by a flush at once', async () => {
    const { state, cache } = provider(one.jwk)
    await cache.find('one', 'ES256')
    state.jwks = [two.jwk]
    cache.flush()
    await expect(cache.find('one', 'ES256')).resolves.toBeUndefined()
    state.isDown = true
    cache.flush()
    await expect(cache.find('two', 'ES256')).rejects.toThrow('down')
  })

  it('that were on their way during a flush are not kept', async () => {
    const answers: ((document: unknown) => void)[] = []
    const load = () => new Promise<unknown>((resolve) => answers.push(resolve))
    const cache = new KeyCache({ load, now: () => 0 })
    const before = cache.find('one', 'ES256')
    cache.flush()
    const after = cache.find('one', 'ES256')
    answers[1]?.({ keys: [two.jwk] })
    answers[0]?.({ keys: [one.jwk] })
    await expect(before).resolves.toBeDefined()
    await expect(after).resolves.toBeUndefined()
    await expect(cache.find('one', 'ES256')).resolves.toBeUndefined()
    await expect(cache.find('two', 'ES256')).resolves.toBeDefined()
  })

  it('are found by id and algorithm, and not by an id that two have', async () => {
    const rsa = rsaPair('rsa-1')
    const { cache } = provider(one.jwk, rsa.jwk, two.jwk, { ...three.jwk, kid: 'two' })
    await expect(cache.find('one', 'ES256')).resolves.toBeDefined()
    await expect(cache.find('one', 'RS256')).resolves.toBeUndefined()
    await expect(cache.find(undefined, 'RS256')).resolves.toMatchObject({ kid: 'rsa-1' })
    await expect(cache.find(undefined, 'ES256')).resolves.toBeUndefined()
    await expect(cache.find('two', 'ES256')).resolves.toBeUndefined()
  })
})

describe('a key set', () => {
  it('may have keys that are not used, and says why', () => {
    const { keys, refused } = readKeySet({ keys: [one.jwk, { kty: 'oct', k: 'x' }, 'x'] })
    expect(keys.map(({ kid }) => kid)).toEqual(['one'])
    expect(refused).toEqual(['Key 2 is symmetric', 'Key 3 is no key'])
  })

  it.each([
    ['of more than 50 keys', { keys: Array.from({ length: 51 }, () => one.jwk) }, /more than 50/],
    ['of no keys', { keys: [] }, /no key that may verify/],
    [
      'of weak keys alone',
      { keys: [rsaPair('weak', 1024).jwk] },
      /no key that may verify. Key 1 must have 2048/,
    ],
    ['without a list', { keys: {} }, /no list/],
    ['that is a list', [one.jwk], /no list/],
    ['that is nothing', null, /no list/],
  ])('%s is refused', (_, document, reason) => {
    expect(() => readKeySet(document)).toThrow(KeysUnusable)
    expect(() => readKeySet(document)).toThrow(reason)
  })
})
