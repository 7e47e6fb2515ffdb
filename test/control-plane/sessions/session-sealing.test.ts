import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { SealedValueRefused, sealUnder } from '../../../control-plane/secrets/envelope.ts'
import type { Session } from '../../../control-plane/sessions/session.ts'
import { SessionKeys } from '../../../control-plane/sessions/session-keys.ts'
import { SessionSealing } from '../../../control-plane/sessions/session-sealing.ts'
import type { StoredSession } from '../../../control-plane/sessions/session-store.ts'

const session: Session = {
  ...{ id: 'sess_1', organizationId: 'org_1', userId: 'usr_1', providerId: 'idp_1' },
  ...{ subject: 'subject-canary@example.com', providerSessionId: 'sid-canary' },
  ...{ createdAt: 1, authenticatedAt: 2, lastSeenAt: 3, expiresAt: 100, checkedAt: 4 },
  ...{ userAgent: 'agent-canary', address: '192.0.2.77' },
  ...{
    authenticationMethods: ['method-canary'],
    authenticationClass: 'urn:acr-canary',
    authenticationContexts: ['context-canary'],
    secretsVersion: 1,
  },
}
const secrets = { idToken: 'id-token-canary', refreshToken: 'refresh-token-canary' }
const master = randomBytes(32)
const sealing = new SessionSealing(new SessionKeys(master))
const stored = sealing.seal(session, { digest: 'd'.repeat(64), endsAt: 50, secrets })

describe('a sealed session', () => {
  it('opens to what was sealed', () => {
    expect(sealing.open(stored)).toEqual(session)
    expect(sealing.openSecrets(stored)).toEqual(secrets)
  })

  it('shows of the person no more than ids, digests and times', () => {
    const text = JSON.stringify(stored)
    expect(text).not.toMatch(/canary|example|192\.0\.2/)
  })

  it.each<[string, Partial<StoredSession>]>([
    ['owner', { userId: 'usr_2' }],
    ['organization', { organizationId: 'org_2' }],
    ['id', { id: 'sess_2' }],
    ['cookie', { digest: 'e'.repeat(64) }],
    ['provider', { providerId: 'idp_2' }],
    ['absolute end', { expiresAt: 101 }],
    ['content', { details: stored.secrets }],
  ])('is refused when whoever can write to the store gives it another %s', (_, change) => {
    expect(() => sealing.open({ ...stored, ...change })).toThrow(SealedValueRefused)
  })

  it.each<[string, Partial<StoredSession>]>([
    ['user', { userId: 'usr_2' }],
    ['organization', { organizationId: 'org_2' }],
    ['session', { id: 'sess_2' }],
  ])('keeps its secrets from another %s', (_, change) => {
    expect(() => sealing.openSecrets({ ...stored, ...change })).toThrow(SealedValueRefused)
  })
})

describe('a new master key', () => {
  const next = randomBytes(32)
  const rotated = new SessionSealing(new SessionKeys(next, [master]))
  const after = new SessionSealing(new SessionKeys(next))

  it('opens what the old one sealed for as long as that is known', () => {
    expect(rotated.open(stored)).toEqual(session)
    expect(rotated.openSecrets(stored)).toEqual(secrets)
  })

  it('is the one under which new sessions are sealed', () => {
    const resealed = rotated.seal(session, { digest: 'd'.repeat(64), endsAt: 50, secrets })
    expect(after.open(resealed)).toEqual(session)
    expect(after.openSecrets(resealed)).toEqual(secrets)
    expect(() => sealing.open(resealed)).toThrow(SealedValueRefused)
  })

  it('refuses what was sealed under a key that is gone', () => {
    expect(() => after.open(stored)).toThrow(/under no known key/)
    expect(() => after.openSecrets(stored)).toThrow(/under no known key/)
  })
})

describe('the keys of sessions', () => {
  it('open nothing that the master key itself sealed', () => {
    const place = { organizationId: 'org_1', entity: 'sessions', field: 'details', id: 'sess_1/usr_1' }
    const sealed = sealUnder(master, place, Buffer.from('a provider key'))
    expect(() => new SessionKeys(master).open(place, sealed)).toThrow(SealedValueRefused)
  })

  it('refuse what is no sealed value', () => {
    const place = { organizationId: 'org_1', entity: 'sessions', field: 'details', id: 'sess_1/usr_1' }
    for (const text of ['', '.', 'gh1', 'gh1...', 'plain'])
      expect(() => new SessionKeys(master).open(place, text)).toThrow(SealedValueRefused)
  })

  it('are made from master keys of 32 bytes alone', () => {
    expect(() => new SessionKeys(randomBytes(16))).toThrow(/32 bytes/)
    expect(() => new SessionKeys(master, [randomBytes(31)])).toThrow(/32 bytes/)
  })
})
