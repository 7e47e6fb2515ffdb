import type { Actor } from '../../actor.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import type { DataPlane } from './entity.ts'

export interface Lag {
  /** Committed revisions that a data plane with this version does not run. */
  readonly revisions: number
  /** When the oldest of them was committed; null when there is none. */
  readonly since: Date | null
}

/** Names the version that a data plane runs, as its row was read. */
export function appliedVersion({ appliedEpoch, appliedRevision }: DataPlane): string {
  return `${appliedEpoch ?? 0}/${appliedRevision ?? 0}`
}

/**
 * How far each version is behind what is committed, in their order.
 *
 * @param versions as `appliedVersion` names them
 */
export async function readLags(
  context: ServiceContext,
  actor: Actor,
  versions: readonly string[],
): Promise<readonly Lag[]> {
  const rows = await transactionOf(context, actor, (em) =>
    em.execute<{ version: string; revisions: string; since: string | null }[]>(
      `select version, count(revision) as revisions, min(created_at) as since
       from jsonb_array_elements_text(?::jsonb) version left join config_revisions
         on org_id = ?
         and (epoch, revision) > (split_part(version, '/', 1)::integer, split_part(version, '/', 2)::bigint)
       group by version`,
      [JSON.stringify(versions), actor.organizationId],
    ),
  )
  const lags = new Map(rows.map(({ version, revisions, since }) => [version, lagOf(revisions, since)]))
  return versions.map((version) => lags.get(version) ?? lagOf('0', null))
}

function lagOf(revisions: string, since: string | null): Lag {
  return { revisions: Number(revisions), since: since === null ? null : new Date(since) }
}
