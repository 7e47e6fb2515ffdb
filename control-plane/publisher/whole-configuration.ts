import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Version } from '../../contract/configuration/documents.ts'
import { entitySeparator } from '../../contract/configuration/snapshot-text.ts'
import { ConfigurationTree } from '../../contract/configuration/tree.ts'
import { type HashedVersion, snapshotDocument } from './documents.ts'
import { readConfiguration } from './revisions.ts'

/** Everything at one revision. */
export interface WholeConfiguration {
  readonly version: HashedVersion
  readonly tree: ConfigurationTree
  /** The document that data planes start from. */
  readonly snapshot: string
}

/** Reads everything anew, in slices: a hundred thousand keys must not hold up the requests of other people. */
export async function readWholeConfiguration(
  em: EntityManager,
  organizationId: string,
): Promise<WholeConfiguration | undefined> {
  const tree = new ConfigurationTree()
  const texts: string[] = []
  let read: Version | undefined
  for await (const { epoch, revision, entities } of readConfiguration(em, organizationId)) {
    read = { epoch, revision }
    if (entities.length > 0) texts.push(entities.map((entity) => tree.set(entity)).join(entitySeparator))
  }
  if (!read) return undefined
  const version = { ...read, hash: await tree.rootInSlices(nextTurn) }
  return { version, tree, snapshot: snapshotDocument(organizationId, version, texts) }
}
