import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openUnder, type SealedPlace, sealUnder } from '../../../control-plane/secrets/envelope.ts'
import { openSecrets } from '../../../control-plane/secrets/secrets.ts'
import { createInstallation, type Installation } from '../organization.ts'

const place: SealedPlace = {
  organizationId: 'org_1',
  entity: 'provider_keys',
  field: 'sealed_secret',
  id: 'cred_1',
}

describe('a sealed value', () => {
  const masterKey = randomBytes(32)

  it('opens at its place to what was sealed, whatever it was', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const sealed = sealUnder(masterKey, place, Buffer.from(bytes))
        expect([...openUnder(masterKey, place, sealed)]).toEqual([...bytes])
      }),
    )
  })

  it.each(['organizationId', 'entity', 'field', 'id'] as const)('does not open under another %s', (part) => {
    const sealed = sealUnder(masterKey, place, Buffer.from('secret'))
    expect(() => openUnder(masterKey, { ...place, [part]: 'other' }, sealed)).toThrow(/altered or belongs/)
  })

  it('does not open once any character of it is another', () => {
    const sealed = sealUnder(masterKey, place, Buffer.from('secret'))
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.constantFrom('A', 'w', '.', '-'), (index, character) => {
        // Base64url's last character may carry unused bits; every other one counts.
        fc.pre(sealed[index] !== character && sealed[index + 1] !== '.' && index !== sealed.length - 1)
        const altered = sealed.slice(0, index) + character + sealed.slice(index + 1)
        expect(() => openUnder(masterKey, place, altered)).toThrow()
      }),
    )
  })

  it('is another text each time, so that equal secrets cannot be told', () => {
    const texts = Array.from({ length: 20 }, () => sealUnder(masterKey, place, Buffer.from('secret')))
    expect(new Set(texts).size).toBe(20)
  })
})

describe("an installation's secrets", () => {
  let installation: Installation
  beforeAll(async () => {
    installation = await createInstallation()
  })
  afterAll(() => installation.close())

  it('are created once, whoever comes first', async () => {
    const opened = await Promise.all(
      Array.from({ length: 8 }, () => openSecrets(installation.database, installation.masterKey)),
    )
    for (const { pepper, signers } of opened) {
      expect(pepper).toEqual(installation.secrets.pepper)
      const { keys } = await installation.database.transaction('none', (em) => signers.read(em))
      expect(keys.map(({ id }) => id)).toEqual([installation.signingKey.id])
    }
  })

  it('do not open under another master key, which one sentence says', async () => {
    await expect(openSecrets(installation.database, randomBytes(32))).rejects.toThrow(
      /^GATEHOUSE_MASTER_KEY does not open this database: .* Start with the key that the database was set up with$/,
    )
  })

  it('refuse a master key of another length', async () => {
    await expect(openSecrets(installation.database, randomBytes(16))).rejects.toThrow(/32 bytes/)
  })

  it('hash a virtual key under the pepper, never in a way that another installation could repeat', async () => {
    const other = await createInstallation()
    try {
      const digest = installation.secrets.digestVirtualKey('sk-gh-canary')
      expect(digest).toMatch(/^[0-9a-f]{64}$/)
      expect(installation.secrets.digestVirtualKey('sk-gh-canary')).toBe(digest)
      expect(other.secrets.digestVirtualKey('sk-gh-canary')).not.toBe(digest)
    } finally {
      await other.close()
    }
  })
})
