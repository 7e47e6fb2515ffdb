/*
 * As text, leases of which a call spends as much stand together, as those of all levels mostly do:
 * `{"leaseIds":["lea_1","lea_2"],"nanoUsd":42}`. Releases before 0.2 write one charge for each lease.
 */

/** The same event with one charge for each lease; what else is wrong with it is left for its reader to refuse. */
export function spreadCharges(event: object): object {
  if (!('charges' in event) || !Array.isArray(event.charges)) return event
  return { ...event, charges: event.charges.flatMap(spread) }
}

function spread(charge: unknown): unknown {
  if (typeof charge !== 'object' || charge === null || 'leaseId' in charge || !('leaseIds' in charge)) {
    return charge
  }
  const { leaseIds, ...rest } = charge
  return Array.isArray(leaseIds) ? leaseIds.map((leaseId: unknown) => ({ leaseId, ...rest })) : charge
}
