import type { EntityManager } from '@mikro-orm/postgresql'
import { type Actor, systemActor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import type { Database } from '../../db/database.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { readKeepers } from '../roles/index.ts'
import { TooFewApprovers } from './errors.ts'
import { needsApproval } from './guard.ts'

/** Whether changes of roles and identity providers wait for a second person. */
export interface AccessApproval {
  readonly requireApprovalForAccessChanges: boolean
}

const organizationWide = { workspaceId: null }
const fewestApprovers = 2

export async function readAccessApproval(context: ServiceContext, actor: Actor): Promise<AccessApproval> {
  const required = await transactionOf(context, actor, (em) => needsApproval(em, actor.organizationId))
  return { requireApprovalForAccessChanges: required }
}

/** To be free of approval again needs one. @throws TooFewApprovers */
export function setAccessApproval(
  context: ServiceContext,
  actor: Actor,
  { requireApprovalForAccessChanges: wanted }: AccessApproval,
): Promise<AccessApproval> {
  actor.require('access_changes:update', organizationWide)
  return transactionOf(context, actor, async (em) => {
    const present = await needsApproval(em, actor.organizationId)
    if (wanted && !present) await requireApprovers(em, context.now())
    if (wanted !== present) await write(em, actor, wanted, context.now())
    return { requireApprovalForAccessChanges: wanted }
  })
}

/**
 * For whoever has the database and nobody left to approve. What waits stays so.
 *
 * @returns whether approval was required until now
 */
export function stopAccessApproval(database: Database, organizationId: string): Promise<boolean> {
  return database.transaction(organizationId, async (em) => {
    const present = await needsApproval(em, organizationId)
    if (present) await write(em, systemActor(organizationId), false, Date.now())
    return present
  })
}

async function requireApprovers(em: EntityManager, now: number): Promise<void> {
  const keepers = await readKeepers(em, 'access_changes:approve', now)
  const people = keepers.filter(({ kind }) => kind === 'user')
  if (people.length < fewestApprovers) throw new TooFewApprovers(String(people.length))
}

/** Recorded first: what is stopped for want of a second person is stopped by what was so until then. */
async function write(em: EntityManager, actor: Actor, required: boolean, now: number): Promise<void> {
  const { organizationId: id } = actor
  const subject = { kind: 'organization', id }
  const entry = {
    type: 'access_approval.set',
    subject,
    details: { requireApprovalForAccessChanges: required },
  }
  await recordChange({ now: () => now }, em, actor, entry)
  if (!required) await em.execute('delete from access_approvals where org_id = ?', [id])
  else await em.execute('insert into access_approvals (org_id, since) values (?, ?)', [id, new Date(now)])
}
