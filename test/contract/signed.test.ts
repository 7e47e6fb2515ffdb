import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KeyLookup, open, SignatureRefused, seal } from '../../contract/signed.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('ed25519')
const key = { id: 'control-plane', privateKey }

const keysOf =
  (keys: Record<string, KeyObject>): KeyLookup =>
  (keyId) =>
    keys[keyId]
const keys = keysOf({ 'control-plane': publicKey })

describe('signed envelopes', () => {
  it('give back the text and the signer', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (payload) => {
        const envelope = seal('gatehouse/config-head', payload, key)
        expect(open('gatehouse/config-head', envelope, keys)).toEqual({ payload, keyId: 'control-plane' })
      }),
      { seed: 1, numRuns: 50 },
    )
  })

  it('are refused for another purpose than the one they were signed for', () => {
    const envelope = seal('gatehouse/lease-reply', '{}', key)
    expect(() => open('gatehouse/config-head', envelope, keys)).toThrow(SignatureRefused)
    const relabelled = envelope.replace('gatehouse/lease-reply', 'gatehouse/config-head')
    expect(() => open('gatehouse/config-head', relabelled, keys)).toThrow(/no valid signature/)
  })

  it('are refused when any bit of payload or signature is flipped', () => {
    const envelope = JSON.parse(seal('gatehouse/events', '{"sequence":1}', key))
    const flip = (base64: string, bit: number) => {
      const bytes = Buffer.from(base64, 'base64')
      const at = Math.floor(bit / 8) % bytes.length
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit % 8)), at)
      return bytes.toString('base64')
    }
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (bit, inPayload) => {
        const [signature] = envelope.signatures
        const forged = inPayload
          ? { ...envelope, payload: flip(envelope.payload, bit) }
          : { ...envelope, signatures: [{ ...signature, sig: flip(signature.sig, bit) }] }
        expect(() => open('gatehouse/events', JSON.stringify(forged), keys)).toThrow(SignatureRefused)
      }),
      { seed: 2, numRuns: 200 },
    )
  })

  it('are refused from a signer that is not known, and from one who takes a known name', () => {
    const foreign = { id: 'stranger', privateKey: stranger.privateKey }
    expect(() => open('gatehouse/events', seal('gatehouse/events', '{}', foreign), keys)).toThrow(/stranger/)
    const impostor = { id: 'control-plane', privateKey: stranger.privateKey }
    expect(() => open('gatehouse/events', seal('gatehouse/events', '{}', impostor), keys)).toThrow(
      SignatureRefused,
    )
  })

  it('open with the one known signer among several', () => {
    const mine = JSON.parse(seal('gatehouse/events', '{}', key))
    const foreign = JSON.parse(
      seal('gatehouse/events', '{}', { id: 'stranger', privateKey: stranger.privateKey }),
    )
    const both = { ...mine, signatures: [...foreign.signatures, ...mine.signatures] }
    expect(open('gatehouse/events', JSON.stringify(both), keys).keyId).toBe('control-plane')
  })

  it.each([
    ['no JSON', '{'],
    ['another document', '{"payload":"e30="}'],
    ['null', 'null'],
    ['no signature', '{"payloadType":"gatehouse/events","payload":"e30=","signatures":[]}'],
  ])('are refused when they are %s', (_, text) => {
    expect(() => open('gatehouse/events', text, keys)).toThrow(SignatureRefused)
  })

  it('are refused when a known name belongs to a key of another kind', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    const envelope = seal('gatehouse/events', '{}', key)
    expect(() => open('gatehouse/events', envelope, keysOf({ 'control-plane': rsa }))).toThrow(
      SignatureRefused,
    )
  })
})
