import type { KeyObject } from 'node:crypto'
import { type EventBatch, openBatch } from '../../contract/event-batch.ts'
import { SignatureRefused } from '../../contract/signed.ts'
import { ContractViolation } from '../../contract/validation.ts'
import type { StreamEntry } from '../../transport/event-stream.ts'

export interface RejectedEntry {
  readonly entry: StreamEntry
  readonly reason: string
}

export interface OpenedEntries {
  readonly batches: readonly EventBatch[]
  readonly rejected: readonly RejectedEntry[]
}

/** Keeps the batches that a data plane of this organization signed and that are what they should be. */
export function openEntries(
  entries: readonly StreamEntry[],
  keys: ReadonlyMap<string, KeyObject>,
): OpenedEntries {
  const batches: EventBatch[] = []
  const rejected: RejectedEntry[] = []
  for (const entry of entries) {
    const opened = openEntry(entry, keys)
    if (typeof opened === 'string') rejected.push({ entry, reason: opened })
    else batches.push(opened)
  }
  return { batches, rejected }
}

function openEntry(
  { organizationId, body }: StreamEntry,
  keys: ReadonlyMap<string, KeyObject>,
): EventBatch | string {
  try {
    const { batch, keyId } = openBatch(body, (id) => keys.get(id))
    if (batch.dataPlaneId !== keyId || batch.organizationId !== organizationId) {
      return `signed by ${keyId} for ${batch.dataPlaneId} of ${batch.organizationId}`
    }
    return batch
  } catch (error) {
    if (error instanceof SignatureRefused || error instanceof ContractViolation) return error.message
    throw error
  }
}
