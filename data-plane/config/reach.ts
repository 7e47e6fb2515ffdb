import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Delta, Head, Version } from '../../contract/configuration/documents.ts'
import type { ConfigChannel } from '../../transport/config-channel.ts'
import { ConfigurationRefused } from './refusal.ts'
import { advanceReplica, buildReplica, type Candidate, type Replica } from './replica.ts'
import { nameVersion, readDelta, readSnapshot, type Trust } from './verify.ts'

/** Where documents are read from: the store between the planes, or this data plane's own disk. */
export type DocumentSource = Pick<ConfigChannel, 'readSnapshot' | 'readDeltas'>

export interface Reached extends Candidate {
  /** The deltas that led here from the replica in use; undefined when it took a snapshot. */
  readonly deltas: readonly Delta[] | undefined
}

/**
 * Brings the entities to what the head vouches for: by the deltas since the replica in use, or, when one is
 * missing or they do not add up, by the snapshot and the deltas after it.
 *
 * @throws ConfigurationRefused that says what was wrong on each of the ways; the replica in use is untouched.
 */
export async function reachHead(
  head: Head,
  source: DocumentSource,
  trust: Trust,
  inUse: Replica | undefined,
): Promise<Reached> {
  const reasons: string[] = []
  if (inUse?.epoch === head.epoch) {
    try {
      const deltas = await readChain(source, trust, inUse, head)
      return { ...(await advanceReplica(head, inUse, deltas, nextTurn)), deltas }
    } catch (error) {
      if (!(error instanceof ConfigurationRefused)) throw error
      reasons.push(error.message)
    }
  }
  try {
    return { ...(await reachBySnapshot(head, source, trust)), deltas: undefined }
  } catch (error) {
    if (!(error instanceof ConfigurationRefused)) throw error
    if (!reasons.includes(error.message)) reasons.push(error.message)
    throw new ConfigurationRefused(`${nameVersion(head)} was refused: ${reasons.join('; ')}`)
  }
}

async function reachBySnapshot(head: Head, source: DocumentSource, trust: Trust): Promise<Candidate> {
  const json = await source.readSnapshot()
  if (json === null) throw new ConfigurationRefused('there is no snapshot')
  const snapshot = await readSnapshot(json, trust, nextTurn)
  if (snapshot.epoch !== head.epoch || snapshot.revision > head.revision) {
    throw new ConfigurationRefused(`the snapshot is of ${nameVersion(snapshot)}`)
  }
  const deltas = snapshot.revision === head.revision ? [] : await readChain(source, trust, snapshot, head)
  return buildReplica(head, snapshot, deltas, nextTurn)
}

/** The unbroken chain of deltas that leads from one version to the head, each once, in order. */
async function readChain(source: DocumentSource, trust: Trust, from: Version, head: Head): Promise<Delta[]> {
  const byRevision = new Map<number, Delta>()
  for (const json of await source.readDeltas(from.revision)) {
    const delta = readDelta(json, trust)
    if (delta.epoch === head.epoch) byRevision.set(delta.revision, delta)
  }
  const chain: Delta[] = []
  for (let revision = from.revision + 1; revision <= head.revision; revision += 1) {
    const delta = byRevision.get(revision)
    if (!delta) throw new ConfigurationRefused(`delta ${revision} is missing after revision ${from.revision}`)
    chain.push(delta)
  }
  return chain
}
