export interface SlotRequest {
  readonly limitId: string
  /** How many calls may be under way at once, over all data planes. */
  readonly max: number
  /** Calls that this data plane has under way: they keep their slots, whatever the limit is by now. */
  readonly inUse: number
  /** How many slots it would have, those in use included. */
  readonly wanted: number
}

/**
 * Slots for the calls under way of all data planes, each of which says how many it holds. A data plane that is heard of no
 * more loses its own after `slotLeaseMs`.
 */
export interface SlotStore {
  /** How many slots this data plane holds of each limit from now on, in order. */
  hold(requests: readonly SlotRequest[]): Promise<readonly number[]>
}

/** How long slots are held unless they are asked for anew: so long a data plane that died keeps its slots from others. */
export const slotLeaseMs = 10_000

export function slotsToGrant({ max, inUse, wanted }: SlotRequest, heldByOthers: number): number {
  return Math.max(inUse, Math.min(wanted, max - heldByOthers))
}
