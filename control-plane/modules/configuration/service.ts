import type { Actor } from '../../actor.ts'
import { readVersion } from '../../publisher/revisions.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'

/** The newest committed configuration of an organization. */
export interface ConfigurationVersion {
  readonly epoch: number
  readonly revision: number
  /** Root hash over all entities; null until a publisher has computed it, a moment after the commit. */
  readonly hash: string | null
}

/** @returns null when nothing was ever configured. */
export async function readConfigurationVersion(
  context: ServiceContext,
  actor: Actor,
): Promise<ConfigurationVersion | null> {
  actor.require('data_planes:view')
  const version = await transactionOf(context, actor, (em) => readVersion(em, actor.organizationId))
  return version ?? null
}
