import type { LeaseGrant, LeaseRequest } from '../../contract/leases.ts'
import { type IngestOutcome, ingestEntries } from '../../control-plane/ingest/ingest-entries.ts'
import { grantLeases } from '../../control-plane/leases/grant-leases.ts'
import { type BudgetDrift, reconcileBudgets } from '../../control-plane/leases/reconcile.ts'
import type { Installation } from './organization.ts'
import type { SpendingDataPlane } from './spending-data-plane.ts'

export async function grant(
  { database }: Installation,
  request: LeaseRequest,
  now = Date.now(),
): Promise<readonly LeaseGrant[]> {
  const { organizationId } = request
  const [grants] = await database.transaction(organizationId, (em) =>
    grantLeases(em, organizationId, [request], now),
  )
  return grants ?? []
}

/** Asks for this much of one budget, all of which is needed, and takes what is granted. */
export async function lease(
  installation: Installation,
  dataPlane: SpendingDataPlane,
  budgetId: string,
  nanoUsd: number,
): Promise<void> {
  const request = dataPlane.request([{ budgetId, wantedNanoUsd: nanoUsd, neededNanoUsd: nanoUsd }])
  dataPlane.receive(request.id, await grant(installation, request))
}

/** These batches are taken in, in one transaction. */
export function deliver(
  { database }: Installation,
  organizationId: string,
  bodies: readonly string[],
  now = Date.now(),
): Promise<IngestOutcome> {
  const entries = bodies.map((body, index) => ({ id: `${index}-0`, organizationId, body }))
  return database.transaction(organizationId, (em) => ingestEntries(em, organizationId, entries, now))
}

export async function reconcile(
  { database }: Installation,
  organizationId: string,
): Promise<readonly BudgetDrift[]> {
  const { drifts } = await database.transaction(organizationId, (em) =>
    reconcileBudgets(em, organizationId, Date.now()),
  )
  return drifts
}
