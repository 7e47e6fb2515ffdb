import { createPublicKey } from 'node:crypto'
import { compactDecrypt } from 'jose'
import {
  type Credentials,
  type Head,
  parseCredentials,
  parseDelta,
  parseHead,
  parseSnapshot,
} from '../../../contract/configuration/documents.ts'
import type { Entity, EntityKey } from '../../../contract/configuration/entities.ts'
import { keyOf } from '../../../contract/configuration/entities.ts'
import { type RawEntity, readEntity } from '../../../contract/configuration/reading.ts'
import { ConfigurationTree } from '../../../contract/configuration/tree.ts'
import { open } from '../../../contract/signed.ts'
import type { ConfigChannel } from '../../../transport/config-channel.ts'
import type { EnrolledDataPlane, Installation } from '../organization.ts'

/** What a data plane that knows the installation's public key makes of the store. */
export function viewOf(installation: Installation, channel: ConfigChannel) {
  const { id, publicJwk } = installation.signingKey
  const publicKey = createPublicKey({ key: { ...publicJwk }, format: 'jwk' })
  const keys = (keyId: string) => (keyId === id ? publicKey : undefined)

  return {
    async head(): Promise<Head | undefined> {
      const document = await channel.readHead()
      return document === null ? undefined : parseHead(open('gatehouse/config-head', document, keys).payload)
    },
    openHead: (document: string) => parseHead(open('gatehouse/config-head', document, keys).payload),
    async credentialsOf(dataPlane: EnrolledDataPlane): Promise<Credentials | undefined> {
      const sealed = await channel.readCredentials(dataPlane.id)
      return sealed === null ? undefined : openCredentials(dataPlane, sealed, keys)
    },
    openCredentials: (dataPlane: EnrolledDataPlane, sealed: string) =>
      openCredentials(dataPlane, sealed, keys),
  }
}

async function openCredentials(
  dataPlane: EnrolledDataPlane,
  sealed: string,
  keys: Parameters<typeof open>[2],
): Promise<Credentials> {
  const { plaintext } = await compactDecrypt(sealed, dataPlane.sealingKey)
  const { payload } = open('gatehouse/credentials', new TextDecoder().decode(plaintext), keys)
  return parseCredentials(payload)
}

/** The entities and their root that snapshot and later deltas lead to. */
export async function assemble(
  channel: ConfigChannel,
): Promise<{ root: string; entities: Map<EntityKey, Entity> }> {
  const snapshot = parseSnapshot((await channel.readSnapshot()) ?? 'null')
  const tree = new ConfigurationTree()
  const entities = new Map<EntityKey, Entity>()
  const put = (document: RawEntity) => {
    tree.set(document)
    const { entity } = readEntity(document)
    if (!entity) throw new Error(`${keyOf(document)} cannot be read`)
    entities.set(keyOf(entity), entity)
  }
  for (const entity of snapshot.entities) put(entity)
  if (tree.root() !== snapshot.hash) throw new Error('the snapshot is not what its hash says')
  for (const document of await channel.readDeltas(snapshot.revision)) {
    const delta = parseDelta(document)
    for (const entity of delta.upserts) put(entity)
    for (const key of delta.removals) {
      tree.delete(key as EntityKey)
      entities.delete(key as EntityKey)
    }
    if (tree.root() !== delta.hash) throw new Error(`delta ${delta.revision} is not what its hash says`)
  }
  return { root: tree.root(), entities }
}
