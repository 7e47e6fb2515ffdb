import type { EntityManager } from '@mikro-orm/postgresql'
import type { NodeStanding } from '../../contract/configuration-poll.ts'
import type { EventBatch } from '../../contract/event-batch.ts'
import type { NodeReported } from '../../contract/events.ts'
import { newId } from '../db/id.ts'

/** Updates what is known of the data planes that sent these batches; of several reports the latest stands. */
export async function recordNodeReports(
  em: EntityManager,
  organizationId: string,
  batches: readonly EventBatch[],
  now: number,
): Promise<void> {
  const byDataPlane = Map.groupBy(batches, ({ dataPlaneId }) => dataPlaneId)
  for (const [dataPlaneId, sent] of [...byDataPlane].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const reports = sent.flatMap(({ events }) => events.filter((event) => event.type === 'node.reported'))
    const latest = reports.toSorted((a, b) => a.at - b.at).at(-1)
    await recordSign(em, organizationId, dataPlaneId, now)
    if (latest) await recordNodeReport(em, organizationId, dataPlaneId, latest)
  }
}

/** Notes what a data plane says of itself when it asks for its configuration; its plugins stay as last reported. */
export async function recordStanding(
  em: EntityManager,
  organizationId: string,
  dataPlaneId: string,
  standing: NodeStanding,
  now: number,
): Promise<void> {
  await recordSign(em, organizationId, dataPlaneId, now)
  await recordNodeReport(em, organizationId, dataPlaneId, standing)
}

/** A sign of life. */
async function recordSign(
  em: EntityManager,
  organizationId: string,
  dataPlaneId: string,
  now: number,
): Promise<void> {
  await em.execute(
    `update data_planes set last_seen_at = greatest(last_seen_at, ?::timestamptz)
     where org_id = ? and id = ?`,
    [new Date(now), organizationId, dataPlaneId],
  )
}

async function recordNodeReport(
  em: EntityManager,
  organizationId: string,
  dataPlaneId: string,
  report: NodeStanding & Partial<Pick<NodeReported, 'plugins'>>,
): Promise<void> {
  const reportedAt = new Date(report.at)
  if (report.status === 'applied') await recordApplication(em, organizationId, dataPlaneId, report)
  await em.execute(
    `update data_planes set version = ?, apply_status = ?, applied_epoch = ?, applied_revision = ?,
       applied_hash = ?, last_error = ?, refused_epoch = ?, refused_revision = ?,
       ignored = coalesce(?::jsonb, '[]'), held_back = coalesce(?::jsonb, '[]'),
       plugins = coalesce(?::jsonb, plugins), reported_at = ?, trusted_keys = coalesce(?::jsonb, trusted_keys)
     where org_id = ? and id = ? and (reported_at is null or reported_at <= ?)`,
    [
      report.version,
      report.status,
      report.appliedEpoch,
      report.appliedRevision,
      report.appliedHash,
      report.error,
      report.refused?.epoch ?? null,
      report.refused?.revision ?? null,
      report.ignored ? JSON.stringify(report.ignored) : null,
      report.heldBack ? JSON.stringify(report.heldBack) : null,
      report.plugins ? JSON.stringify(report.plugins) : null,
      reportedAt,
      report.trustedKeys ? JSON.stringify(report.trustedKeys) : null,
      organizationId,
      dataPlaneId,
      reportedAt,
    ],
  )
}

/** Once for each version that a data plane comes to run, before its row says so. */
async function recordApplication(
  em: EntityManager,
  organizationId: string,
  dataPlaneId: string,
  { at, appliedEpoch, appliedRevision, appliedHash }: NodeStanding,
): Promise<void> {
  await em.execute(
    `insert into configuration_applications (id, org_id, data_plane_id, epoch, revision, hash, at)
     select ?, org_id, id, ?, ?, ?, ? from data_planes
     where org_id = ? and id = ? and (reported_at is null or reported_at <= ?)
       and (applied_epoch, applied_revision) is distinct from (?::integer, ?::bigint)`,
    [
      ...[newId('app'), appliedEpoch, appliedRevision, appliedHash, new Date(at)],
      ...[organizationId, dataPlaneId, new Date(at), appliedEpoch, appliedRevision],
    ],
  )
}
