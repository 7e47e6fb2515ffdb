import type { EntityManager } from '@mikro-orm/postgresql'
import { joinTransaction, type ServiceContext } from '../../service-context.ts'
import type { AuditEntry } from '../audit/index.ts'
import type { AccessChangeEffect } from './entity.ts'
import { letPass } from './guard.ts'

/** Takes back what was tried. */
class RehearsalOver extends Error {}

/**
 * Does it all in the transaction that is under way and takes it back: whoever is refused now would be refused later.
 *
 * @returns what it would do
 */
export async function rehearse(
  context: ServiceContext,
  em: EntityManager,
  organizationId: string,
  perform: (context: ServiceContext) => Promise<unknown>,
): Promise<AccessChangeEffect[]> {
  const entries: AuditEntry[] = []
  const { database } = joinTransaction(context, em)
  const work = database.transaction(organizationId, async (inner) => {
    const joined = { ...joinTransaction(context, inner), whenCommitted: () => undefined }
    await letPass({ entries }, () => perform(joined))
    throw new RehearsalOver()
  })
  await work.catch((error: unknown) => {
    if (!(error instanceof RehearsalOver)) throw error
  })
  return entries.map(effectOf)
}

export function effectOf({ type, subject, details = {} }: AuditEntry): AccessChangeEffect {
  return { type, subject, details }
}
