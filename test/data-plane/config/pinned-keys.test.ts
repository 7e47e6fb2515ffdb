import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keyIdOf, type PublicSigningKey, sealKeySet } from '../../../contract/key-set.ts'
import { type SigningKey, seal, sealWithSuccession } from '../../../contract/signed.ts'
import { PinnedKeys } from '../../../data-plane/config/pinned-keys.ts'

interface Key extends SigningKey {
  readonly jwk: PublicSigningKey
}

function newKey(): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const jwk = { kty: 'OKP' as const, crv: 'Ed25519' as const, x }
  return { id: keyIdOf(jwk), privateKey, jwk }
}

const first = newKey()
const second = newKey()
const third = newKey()
const stranger = newKey()

const statement = (version: number, keys: readonly Key[], signer: Key) =>
  sealKeySet({ format: 1, version, keys: keys.map(({ jwk }) => jwk) }, signer)
const head = (signer: Key, ...succession: readonly string[]) =>
  sealWithSuccession('gatehouse/config-head', '{}', { keys: [signer], succession })

const toSecond = [statement(1, [first, second], first), statement(2, [second], second)]
const toThird = [statement(3, [second, third], second), statement(4, [third], third)]

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pinned-keys-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const pinned = (enrolled = first) =>
  PinnedKeys.open(join(directory, 'signing-keys.json'), enrolled.id, { ...enrolled.jwk })
const idsOf = (keys: PinnedKeys) => [...keys.ids]

describe('the pinned keys', () => {
  it('are those of the last statement, and survive a restart', () => {
    const keys = pinned()
    keys.learn(head(second, ...toSecond.slice(0, 1)))
    expect(idsOf(keys)).toEqual([first.id, second.id])
    expect(idsOf(pinned())).toEqual([first.id, second.id])
    keys.learn(head(second, ...toSecond))
    expect(idsOf(keys)).toEqual([second.id])
    expect(idsOf(pinned())).toEqual([second.id])
    expect(keys.find(first.id)).toBeUndefined()
  })

  it('come by the whole succession, however many of its steps were slept through', () => {
    const keys = pinned()
    keys.learn(head(third, ...toSecond, ...toThird))
    expect(idsOf(keys)).toEqual([third.id])
  })

  it('do not change by a statement that no believed key has signed, whoever it names', () => {
    const keys = pinned()
    keys.learn(head(stranger, statement(1, [stranger], stranger), statement(2, [first, stranger], second)))
    keys.learn(head(third, ...toThird))
    const forSomethingElse = seal(
      'gatehouse/credentials',
      JSON.stringify({ format: 1, version: 1, keys: [stranger.jwk] }),
      first,
    )
    keys.learn(head(stranger, forSomethingElse))
    expect(idsOf(keys)).toEqual([first.id])
    expect(keys.hasSucceeded).toBe(false)
  })

  it('do not go back: an old statement says nothing, nor does the retired key', () => {
    const keys = pinned()
    keys.learn(head(second, ...toSecond))
    keys.learn(head(first, toSecond[0] ?? '', statement(9, [first, stranger], first)))
    expect(idsOf(keys)).toEqual([second.id])
  })

  it('of a data plane that enrolled with the new key skip what only the old one has signed', () => {
    const keys = pinned(second)
    keys.learn(head(second, ...toSecond, ...toThird))
    expect(idsOf(keys)).toEqual([third.id])
  })

  it('include the retired ones for what lies on the disk, and for nothing else', () => {
    const keys = pinned()
    keys.learn(head(second, ...toSecond))
    expect(keys.withRetired().find(first.id)).toBeDefined()
    expect(keys.find(first.id)).toBeUndefined()
    expect(pinned().withRetired().find(first.id)).toBeDefined()
  })

  it('belong to one enrolment: the next one begins with its own key', () => {
    pinned().learn(head(second, ...toSecond))
    expect(idsOf(pinned(stranger))).toEqual([stranger.id])
  })

  it('are believed though the disk is full, and written as soon as it is not', () => {
    const path = join(directory, 'missing', 'signing-keys.json')
    const keys = PinnedKeys.open(path, first.id, { ...first.jwk })
    keys.learn(head(second, ...toSecond))
    expect(idsOf(keys)).toEqual([second.id])
    mkdirSync(join(directory, 'missing'))
    keys.learn(head(second, ...toSecond))
    expect(idsOf(PinnedKeys.open(path, first.id, { ...first.jwk }))).toEqual([second.id])
  })

  it('of a damaged file are refused', () => {
    writeFileSync(join(directory, 'signing-keys.json'), '{"format":1}')
    expect(() => pinned()).toThrow(/signing-keys.json rejected/)
  })
})
