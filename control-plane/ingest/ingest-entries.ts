import type { EntityManager } from '@mikro-orm/postgresql'
import type { EventBatch } from '../../contract/event-batch.ts'
import type { CallFinished } from '../../contract/events.ts'
import type { StreamEntry } from '../../transport/event-stream.ts'
import { readSigningKeys } from '../modules/data-planes/index.ts'
import { recordUsage } from '../modules/usage/index.ts'
import { auditCalls } from './audit-calls.ts'
import { openEntries, type RejectedEntry } from './batches.ts'
import { listDueClosings, noteClosings } from './closings.ts'
import { noteCrossings } from './crossed-thresholds.ts'
import { advanceSources, type EventSource } from './event-sources.ts'
import { recordNodeReports } from './node-reports.ts'
import { recordGaps } from './record-gaps.ts'
import { recordRejections } from './rejections.ts'
import { closeLease, type LeaseCharge, lockLeases, settleCharge, storeLeases } from './settlement.ts'

export interface IngestOutcome {
  /** How far the batches of each data plane that sent some are in the database. */
  readonly sources: readonly EventSource[]
  readonly rejected: readonly RejectedEntry[]
  /** Charges of leases that this database does not know; their calls are recorded all the same. */
  readonly unsettled: readonly LeaseCharge[]
  /** How many gaps of the record were noticed. */
  readonly gaps: number
}

/**
 * Takes in entries of one organization, in the caller's transaction. Whatever arrives a second time changes
 * nothing: not the usage, not the audit log, not the money.
 *
 * @param now Milliseconds since the epoch.
 */
export async function ingestEntries(
  em: EntityManager,
  organizationId: string,
  entries: readonly StreamEntry[],
  now: number,
): Promise<IngestOutcome> {
  const { batches, rejected } = openEntries(entries, await readSigningKeys(em, organizationId))
  await recordRejections(em, organizationId, rejected, now)
  if (batches.length === 0) return { sources: [], rejected, unsettled: [], gaps: 0 }
  const calls = batches.flatMap((batch) => callsOf(batch))
  const freshCalls = await recordCalls(em, organizationId, calls)
  const { sources, lost } = await advanceSources(em, organizationId, batches)
  const gaps = await recordGaps(em, organizationId, { batches, lost }, now)
  const unsettled = await settleLeases(em, organizationId, { batches, sources, calls: freshCalls, now })
  await recordNodeReports(em, organizationId, batches, now)
  return { sources, rejected, unsettled, gaps }
}

/** Records calls in usage and audit. @returns those of which there was no record. */
export async function recordCalls(
  em: EntityManager,
  organizationId: string,
  calls: readonly ReportedCall[],
): Promise<readonly ReportedCall[]> {
  const fresh = await recordUsage(em, organizationId, calls)
  const freshCalls = firstOfEach(calls).filter(({ call }) => fresh.has(call.attemptId))
  await auditCalls(
    em,
    organizationId,
    freshCalls.map(({ call }) => call),
  )
  return freshCalls
}

/**
 * Rejects genuine batches that the database cannot hold. Their numbers count as arrived: nobody is to wait for
 * them.
 */
export async function setAside(
  em: EntityManager,
  organizationId: string,
  rejected: readonly RejectedEntry[],
  now: number,
): Promise<IngestOutcome> {
  await recordRejections(em, organizationId, rejected, now)
  const entries = rejected.map(({ entry }) => entry)
  const { batches } = openEntries(entries, await readSigningKeys(em, organizationId))
  const { sources, lost } = await advanceSources(em, organizationId, batches)
  const gaps = await recordGaps(em, organizationId, { batches: [], lost }, now)
  return { sources, rejected, unsettled: [], gaps }
}

export interface ReportedCall {
  readonly dataPlaneId: string
  readonly call: CallFinished
}

interface Arrival {
  readonly batches: readonly EventBatch[]
  readonly sources: readonly EventSource[]
  /** Those that were not in the database before. */
  readonly calls: readonly ReportedCall[]
  readonly now: number
}

/** Charges calls to their leases, and closes the leases that are due. @returns the charges of leases that are not known. */
export async function settleLeases(
  em: EntityManager,
  organizationId: string,
  { batches, sources, calls, now }: Arrival,
): Promise<LeaseCharge[]> {
  await noteClosings(em, organizationId, batches)
  const due = await listDueClosings(em, organizationId, sources)
  const charges = sumByLease(calls)
  const locked = await lockLeases(em, organizationId, [...due, ...charges.map(({ leaseId }) => leaseId)])
  const before = new Map(locked.windows)
  const unsettled = charges.filter((charge) => !settleCharge(locked, charge))
  for (const leaseId of due) closeLease(locked, leaseId)
  await storeLeases(em, organizationId, locked, now)
  await noteCrossings(em, organizationId, { before, after: locked.windows }, now)
  return unsettled
}

function callsOf({ dataPlaneId, events }: EventBatch): ReportedCall[] {
  return events.flatMap((call) => (call.type === 'call.finished' ? { dataPlaneId, call } : []))
}

/** What the calls spend of each lease, so that a thousand calls settle it once. */
function sumByLease(calls: readonly ReportedCall[]): LeaseCharge[] {
  const sums = new Map<string, LeaseCharge>()
  for (const { dataPlaneId, call } of calls) {
    for (const { leaseId, nanoUsd } of call.charges) {
      const key = `${dataPlaneId} ${leaseId}`
      const before = sums.get(key)?.nanoUsd ?? 0n
      sums.set(key, { dataPlaneId, leaseId, nanoUsd: before + BigInt(nanoUsd) })
    }
  }
  return [...sums.values()]
}

/** A doubled batch may hold an attempt twice within one transaction. */
function firstOfEach(calls: readonly ReportedCall[]): ReportedCall[] {
  const first = new Map<string, ReportedCall>()
  for (const reported of calls) {
    if (!first.has(reported.call.attemptId)) first.set(reported.call.attemptId, reported)
  }
  return [...first.values()]
}
