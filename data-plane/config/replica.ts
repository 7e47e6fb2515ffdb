import type { Delta, Head, Snapshot, Version } from '../../contract/configuration/documents.ts'
import type { EntityKey } from '../../contract/configuration/entities.ts'
import { ConfigurationTree } from '../../contract/configuration/tree.ts'
import { EntityIndex, type IndexDraft } from './entity-index.ts'
import { ConfigurationRefused } from './refusal.ts'
import { nameVersion } from './verify.ts'

/** The entities of one version, as verified against a signed head. */
export interface Replica extends Version {
  readonly hash: string
  readonly index: EntityIndex
  /** Moves on with the newest replica: of an older one only the index stays valid. */
  readonly tree: ConfigurationTree
}

/** A replica that is not in use yet. */
export interface Candidate {
  readonly replica: Replica
  /** Leaves the replica that it was made from as it was. */
  abandon(): void
}

type Pause = () => Promise<void>
const sliceSize = 1_000

/**
 * The replica that a snapshot and the deltas after it make.
 *
 * @throws ConfigurationRefused unless the result is, byte for byte, what the head vouches for.
 */
export async function buildReplica(
  head: Head,
  snapshot: Snapshot,
  deltas: readonly Delta[],
  pause: Pause,
): Promise<Candidate> {
  const tree = new ConfigurationTree()
  const draft = EntityIndex.empty().draft()
  let left = sliceSize
  for (const entity of snapshot.entities) {
    draft.put(entity)
    tree.set(entity)
    left -= 1
    if (left > 0) continue
    left = sliceSize
    await pause()
  }
  const root = await tree.rootInSlices(pause)
  if (root !== snapshot.hash) {
    throw new ConfigurationRefused(
      `snapshot of ${nameVersion(snapshot)} has hash ${root}, not ${snapshot.hash} as it says: it was altered`,
    )
  }
  const move = moveTree(tree, EntityIndex.empty(), draft, deltas)
  assertRoot(head, tree)
  const index = await draft.finish(pause)
  return { replica: { ...versionOf(head), index, tree }, abandon: move.undo }
}

/**
 * The replica that deltas make of an earlier one.
 *
 * @throws ConfigurationRefused like `buildReplica`; the earlier replica is then as it was.
 */
export async function advanceReplica(
  head: Head,
  replica: Replica,
  deltas: readonly Delta[],
  pause: Pause,
): Promise<Candidate> {
  const { tree } = replica
  const draft = replica.index.draft()
  const move = moveTree(tree, replica.index, draft, deltas)
  try {
    assertRoot(head, tree)
    const index = await draft.finish(pause)
    return { replica: { ...versionOf(head), index, tree }, abandon: move.undo }
  } catch (error) {
    move.undo()
    throw error
  }
}

function moveTree(tree: ConfigurationTree, before: EntityIndex, draft: IndexDraft, deltas: readonly Delta[]) {
  const touched = new Set<EntityKey>()
  // All is read before the tree moves: what cannot be read leaves it as it was.
  for (const { upserts, removals } of deltas) {
    for (const entity of upserts) touched.add(draft.put(entity))
    for (const key of removals as EntityKey[]) {
      draft.remove(key)
      touched.add(key)
    }
  }
  for (const { upserts, removals } of deltas) {
    for (const entity of upserts) tree.set(entity)
    for (const key of removals as EntityKey[]) tree.delete(key)
  }
  return {
    undo() {
      for (const key of touched) {
        const document = before.documentAt(key)
        if (document) tree.set(document)
        else tree.delete(key)
      }
    },
  }
}

function assertRoot(head: Head, tree: ConfigurationTree): void {
  const root = tree.root()
  if (root === head.hash) return
  throw new ConfigurationRefused(
    `what was delivered for ${nameVersion(head)} has hash ${root}, the signed head says ${head.hash}: it was altered or is incomplete`,
  )
}

function versionOf({ epoch, revision, hash }: Head) {
  return { epoch, revision, hash }
}
