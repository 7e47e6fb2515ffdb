import { AsyncLocalStorage } from 'node:async_hooks'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import type { AuditEntry } from '../audit/index.ts'
import type { ChangeParty } from './entity.ts'
import { AccessChangesNeedApproval } from './errors.ts'

/**
 * What needs a second person, by what the audit log says of it: whoever does it, by whichever mutation, says so there, and so
 * no way leads around.
 */
const guardedEvents: ReadonlySet<string> = new Set([
  ...['role.created', 'role.updated', 'role.deleted', 'role.assigned', 'role.unassigned'],
  ...['identity_provider.created', 'identity_provider.updated', 'identity_provider.deleted'],
  ...['identity_provider.directory_set', 'identity_provider.directory_removed'],
  ...['jwt_provider.created', 'jwt_provider.updated', 'jwt_provider.deleted'],
  ...['user.identity_linked', 'user.identity_unlinked'],
  'access_approval.set',
])

/** A change that is tried out, or that two people want. */
interface Passage {
  /** Gathers what is recorded. */
  readonly entries: AuditEntry[]
  readonly approval?: { readonly changeId: string; readonly approvedBy: ChangeParty }
}

const passing = new AsyncLocalStorage<Passage>()

/** Lets `work` do what needs a second person. */
export const letPass = <T>(passage: Passage, work: () => Promise<T>): Promise<T> => passing.run(passage, work)

/**
 * Stops what needs a second person. Gatehouse itself needs none, nor does what an identity provider says of people.
 *
 * @returns the entry as it is to be recorded
 * @throws AccessChangesNeedApproval
 */
export async function guardAccess(em: EntityManager, actor: Actor, entry: AuditEntry): Promise<AuditEntry> {
  const passage = passing.getStore()
  if (passage) {
    passage.entries.push(entry)
    const { approval } = passage
    return approval ? { ...entry, details: { ...entry.details, approval } } : entry
  }
  if (guardedEvents.has(entry.type)) await requireSecondPerson(em, actor)
  return entry
}

/** @throws AccessChangesNeedApproval */
export async function requireSecondPerson(em: EntityManager, { kind, organizationId }: Actor): Promise<void> {
  if (kind === 'system' || kind === 'identity_provider') return
  if (await needsApproval(em, organizationId)) throw new AccessChangesNeedApproval()
}

/** Whether the organization has such changes wait. */
export async function needsApproval(em: EntityManager, organizationId: string): Promise<boolean> {
  const rows = await em.execute<object[]>('select from access_approvals where org_id = ?', [organizationId])
  return rows.length > 0
}
