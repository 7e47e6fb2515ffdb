import { randomBytes } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import { canonicalJson, type Json } from '../../../contract/canonical.ts'
import type { Credentials, Delta, Head, Snapshot } from '../../../contract/configuration/documents.ts'
import { type Entity, type EntityKey, keyOf } from '../../../contract/configuration/entities.ts'
import { ConfigurationTree } from '../../../contract/configuration/tree.ts'
import { type SigningKey, seal } from '../../../contract/signed.ts'
import type { Identity } from '../../../data-plane/config/identity.ts'
import { generateKeyPairs, privateKey, publicJwk, thumbprint } from '../../../data-plane/config/keys.ts'
import { PinnedKeys } from '../../../data-plane/config/pinned-keys.ts'

export const organizationId = 'org_1'
export const dataPlaneId = 'dp_1'

/** Signs configurations as a control plane would, one revision after the other. */
export class Authority {
  readonly signingKey: SigningKey
  readonly publicJwk: Record<string, unknown>
  readonly pepper = randomBytes(32)
  readonly entities = new Map<EntityKey, Entity>()
  readonly deltas: Delta[] = []
  readonly revoked: string[] = []
  epoch = 1
  revision = 0
  issuedAt = 1_000

  private constructor(signingKey: SigningKey, jwk: Record<string, unknown>) {
    this.signingKey = signingKey
    this.publicJwk = jwk
  }

  static async create(keyPair = generateKeyPairs().signing): Promise<Authority> {
    const jwk = publicJwk(keyPair)
    return new Authority({ id: await thumbprint(jwk), privateKey: privateKey(keyPair) }, jwk)
  }

  change(upserts: readonly Entity[], removals: readonly EntityKey[] = []): Delta {
    for (const entity of upserts) this.entities.set(keyOf(entity), entity)
    for (const key of removals) this.entities.delete(key)
    this.revision += 1
    const delta = { ...this.#version(), upserts: [...upserts], removals: [...removals] }
    this.deltas.push(delta)
    return delta
  }

  head(changes: Partial<Head> = {}, signingKey = this.signingKey): string {
    this.issuedAt += 1
    const head = { ...this.#version(), issuedAt: this.issuedAt, revoked: [...this.revoked], ...changes }
    return seal('gatehouse/config-head', canonicalJson(head), signingKey)
  }

  snapshot(changes: Partial<Snapshot> = {}): Snapshot {
    return { ...this.#version(), entities: [...this.entities.values()], ...changes }
  }

  async credentials(
    sealingJwk: Record<string, unknown>,
    changes: Partial<Credentials> = {},
    signingKey = this.signingKey,
  ): Promise<string> {
    const { organizationId, epoch, revision } = this.#version()
    const credentials: Credentials = {
      format: 1,
      organizationId,
      dataPlaneId,
      epoch,
      revision: Math.max(1, revision),
      pepper: this.pepper.toString('base64'),
      secrets: { cred_1: 'sk-provider-secret' },
      ...changes,
    }
    const text = seal('gatehouse/credentials', canonicalJson(credentials), signingKey)
    return new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
      .encrypt(sealingJwk)
  }

  #version() {
    const tree = new ConfigurationTree()
    for (const entity of this.entities.values()) tree.set(entity)
    return {
      format: 1 as const,
      organizationId,
      epoch: this.epoch,
      revision: this.revision,
      hash: tree.root(),
    }
  }
}

/** A data plane that is enrolled with an authority, and the public key that its credentials are sealed to. */
export function enrolledIdentity(
  authority: Authority,
  keys = generateKeyPairs(),
): { identity: Identity; sealingJwk: Record<string, unknown> } {
  return {
    identity: {
      dataPlaneId,
      organizationId,
      controlPlane: PinnedKeys.of(authority.publicJwk),
      privateSigningKey: privateKey(keys.signing),
      sealingKey: privateKey(keys.sealing),
    },
    sealingJwk: publicJwk(keys.sealing),
  }
}

export function textOf(document: Snapshot | Delta | Head): string {
  return canonicalJson(document as Json)
}
