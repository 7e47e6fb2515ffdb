import type { EntityManager } from '@mikro-orm/postgresql'

export const mostFailures = 5
export const lockMs = 15 * 60_000
/** Anybody can fail: of more than these the oldest are forgotten. */
const mostRemembered = 10_000

export interface FailurePlace {
  readonly organizationId: string
  /** Whom somebody wants to be: nobody knows from outside whether there is such a user. */
  readonly subject: string
  /** One sender, see `senderAddress`; or `everywhere`. */
  readonly address: string
}

/**
 * Counts an attempt as a failure before it is judged, so that of many at once no more than five are. After five, the place
 * is locked until 15 minutes after the fifth; what is tried meanwhile makes it no longer. One place alone: whoever guesses
 * elsewhere locks nobody out here.
 *
 * @returns whether the attempt may be judged
 */
export async function countFailure(em: EntityManager, place: FailurePlace, now: number): Promise<boolean> {
  const { organizationId, subject, address } = place
  const [at, forgottenAt] = [new Date(now), new Date(now - lockMs)]
  await em.execute(
    `delete from break_glass_failures where org_id = ? and last_failed_at <= greatest(?::timestamptz, (
       select last_failed_at from break_glass_failures where org_id = ? order by last_failed_at desc offset ? limit 1))`,
    [organizationId, forgottenAt, organizationId, mostRemembered - 1],
  )
  const [counted] = await em.execute<{ failures: number }[]>(
    `insert into break_glass_failures as failed (org_id, subject, address, failures, last_failed_at) values (?, ?, ?, 1, ?)
     on conflict (org_id, subject, address) do update set
       failures = failed.failures + 1,
       last_failed_at = case when failed.failures >= ? then failed.last_failed_at else excluded.last_failed_at end
     returning failures`,
    [organizationId, subject, address, at, mostFailures],
  )
  return (counted?.failures ?? 0) <= mostFailures
}

/** Whoever proved who they are begins anew. */
export async function forgetFailures(
  em: EntityManager,
  { organizationId, subject, address }: FailurePlace,
): Promise<void> {
  await em.execute('delete from break_glass_failures where org_id = ? and subject = ? and address = ?', [
    ...[organizationId, subject, address],
  ])
}
