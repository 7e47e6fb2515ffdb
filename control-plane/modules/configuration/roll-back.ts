import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { asOneRevision, recordChange, recordChanges } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { readVersion } from '../../publisher/revisions.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { requireSecondPerson } from '../access-changes/index.ts'
import { updateFollowersOf } from '../access-profiles/index.ts'
import { holderChange, signOutDeleted, signOutUsers } from '../access-tokens/index.ts'
import { guardsHeaderChanges, outdateChanges } from '../client-configuration/index.ts'
import { keepPrices, settleRestored } from '../models/index.ts'
import {
  auditEscalation,
  lockRoleGraph,
  type RoleGraph,
  readRoleGraph,
  requireGrantsLeft,
  requireRoom,
  requireSoundRoles,
} from '../roles/index.ts'
import { leaveSwitchedOff } from '../users/index.ts'
import type { EntityChange } from './diff.ts'
import { type EarlierState, readEarlierState } from './earlier-state.ts'
import { CannotRestore, ChangedMeanwhile } from './errors.ts'
import { requireRevisionsSince } from './kept-history.ts'
import { planRestoration, type RestorationPlan } from './restoration-plan.ts'
import { restoreRows } from './restore-rows.ts'
import type { RevisionName } from './revision-name.ts'
import {
  type ConfigurationRevision,
  findRevision,
  findRevisionChanges,
  requireWholeConfiguration,
} from './revisions.ts'

const nameInUse = 'a name is taken by what came after it and is in use: rename that first'
const mostRevisionsBack = 10_000
const mostKeysInAudit = 500

export interface RollBack {
  /** Of the present epoch. */
  readonly revision: number
  readonly skipUnrestorable?: boolean | null | undefined
  /** Does everything and then takes it back. */
  readonly dryRun?: boolean | null | undefined
}

export interface RolledBack {
  readonly dryRun: boolean
  /** The new one; after a dry run the one that stays. */
  readonly revision: ConfigurationRevision
  readonly changes: readonly EntityChange[]
  /** What stayed as it was, and why. */
  readonly skipped: readonly string[]
}

/**
 * Makes the configuration what it was at an earlier revision, as a new revision. Secrets stay those of today, and
 * nobody gets back by it what whoever rolls back could not give them.
 *
 * @throws NotFound, RevisionNotKept, CannotRestore, ChangedMeanwhile, Forbidden, MfaRequired, RightsExceeded, LastGrant,
 *   AccessChangesNeedApproval
 */
export async function rollBackConfiguration(
  context: ServiceContext,
  actor: Actor,
  input: RollBack,
): Promise<RolledBack> {
  requireWholeConfiguration(actor, 'configuration:roll_back')
  const { organizationId } = actor
  const name = String(input.revision)
  const referenced = () => new CannotRestore(name, 'it refers to what is not there any more')
  const work = transactionOf(context, actor, async (em) => {
    const head = await readVersion(em, organizationId)
    if (head) await requireRevisionsSince(em, organizationId, { ...head, revision: input.revision })
    const present = head && (await findRevision(em, organizationId, head))
    const target = head && (await findRevision(em, organizationId, { ...head, revision: input.revision }))
    if (!present || !target) throw new NotFound('configuration revision', name)
    checkDistance(present.revision - target.revision)
    const rolledBack = await restore({ context, actor, em }, { present, target }, input)
    if (input.dryRun) throw new DryRunDone({ ...rolledBack, revision: present })
    return rolledBack
  })
  const subject = { kind: 'configuration', id: organizationId }
  try {
    return await auditEscalation(context, actor, subject, refuseViolations({ referenced }, work))
  } catch (error) {
    if (error instanceof DryRunDone) return error.rolledBack
    if (error instanceof UniqueConstraintViolationException) throw new CannotRestore(name, nameInUse)
    throw error
  }
}

interface Transaction {
  readonly context: ServiceContext
  readonly actor: Actor
  readonly em: EntityManager
}

async function restore(
  { context, actor, em }: Transaction,
  { present, target }: { readonly present: RevisionName; readonly target: RevisionName },
  { skipUnrestorable, dryRun }: RollBack,
): Promise<RolledBack> {
  const { organizationId } = actor
  const roles = await lockRoleGraph(em, organizationId)
  const state = await readEarlierState(em, organizationId, target)
  const guardsHeaders = await guardsHeaderChanges(em, organizationId)
  const plan = planRestoration(state, { guardsHeaders })
  const touched = await restoreRows({ em, organizationId, plan, now: context.now() }, state.rows)
  await outdateChanges(context, em, organizationId)
  // The rows were changed behind the ORM's back.
  em.clear()
  const rolesAfter = await readRoleGraph(em)
  requireMayRestore(actor, plan, touched, { before: roles, after: rolesAfter })
  if (idsOf(touched, 'role').length > 0) await requireSecondPerson(em, actor)
  requireRoom(rolesAfter.size)
  requireSoundRoles(actor, roles, rolesAfter, idsOf(touched, 'role'))
  await requireGrantsLeft(em, roles, rolesAfter, context.now())
  const skipped = [...plan.unrestorable.values()]
  if (skipped.length > 0 && skipUnrestorable !== true) {
    throw new CannotRestore(String(target.revision), skipped.join('; '))
  }
  const { revision } = await asOneRevision(em, actor, async () => {
    const change = {
      ...{ upserts: [...plan.upserts.values()], removals: [...plan.removals] },
      holders: 'all' as const,
    }
    await recordChange(context, em, actor, rollBackEntry(actor, target, plan, touched), change)
    await recordHolders({ context, actor, em }, plan, state)
    await updateFollowersOf(context, em, actor, idsOf(touched, 'access_profile'))
    await settleRestored(context, em, actor, idsOf(touched, 'model'))
  })
  await keepPrices(em, actor, idsOf(touched, 'model'), new Date(context.now()))
  // What another transaction committed since the plan was made is not in it.
  if (revision !== present.revision + 1) throw new ChangedMeanwhile(String((revision ?? 0) - 1))
  const made = await findRevision(em, organizationId, { epoch: present.epoch, revision })
  if (!made) throw new Error(`revision ${revision} cannot be read back`)
  const [changes = []] = await findRevisionChanges(em, organizationId, [made])
  return { dryRun: dryRun ?? false, revision: made, changes, skipped }
}

/**
 * Roles are changed by nobody who could not change them in another way, with all that this asks of them. Those that stay as
 * they are need nothing.
 *
 * @throws Forbidden, MfaRequired
 */
function requireMayRestore(
  actor: Actor,
  { unrestorable }: RestorationPlan,
  touched: ReadonlySet<string>,
  { before, after }: { readonly before: RoleGraph; readonly after: RoleGraph },
): void {
  for (const id of idsOf(touched, 'role')) {
    if (unrestorable.has(`role/${id}`)) continue
    const operation = !before.has(id) ? 'create' : !after.has(id) ? 'delete' : 'update'
    actor.require(`roles:${operation}`, { workspaceId: null })
  }
}

/** What becomes of users becomes of their tokens: who is switched off is signed out, as in any other way. */
async function recordHolders(
  { context, actor, em }: Transaction,
  { upserts, removals }: RestorationPlan,
  { present }: EarlierState,
): Promise<void> {
  const { organizationId } = actor
  const users = [...upserts].flatMap(([key, user]) =>
    user.kind === 'user' ? { ...user, now: present.get(key) } : [],
  )
  const returning = users.filter(({ now }) => now === undefined).map(({ id }) => id)
  const leaving = users.filter(({ active, now }) => !active && now?.kind === 'user' && now.active)
  const leavingIds = leaving.map(({ id }) => id)
  await leaveSwitchedOff(em, organizationId, leavingIds)
  const at = new Date(context.now())
  for (const change of [
    { upserts: [], removals: await signOutDeleted(em, organizationId, idsOf(removals, 'user'), at) },
    await holderChange(em, organizationId, returning),
    await signOutUsers(em, organizationId, leavingIds, at),
  ]) {
    await recordChanges(context, em, actor, [], change)
  }
}

function idsOf(keys: Iterable<string>, kind: string): string[] {
  return [...keys].filter((key) => key.startsWith(`${kind}/`)).map((key) => key.slice(kind.length + 1))
}

function rollBackEntry(
  { organizationId }: Actor,
  { epoch, revision }: RevisionName,
  plan: RestorationPlan,
  touched: ReadonlySet<string>,
) {
  const keys = new Set([...touched, ...plan.upserts.keys(), ...plan.removals])
  const changed = [...keys].filter((key) => !plan.unrestorable.has(key)).slice(0, mostKeysInAudit)
  return {
    type: 'configuration.rolled_back',
    subject: { kind: 'configuration', id: organizationId },
    details: { restored: { epoch, revision }, changed, skipped: [...plan.unrestorable.values()] },
  }
}

function checkDistance(distance: number): void {
  if (distance > 0 && distance <= mostRevisionsBack) return
  throw new BadUserInput(
    'revision',
    distance <= 0
      ? 'is what is configured now: name an earlier one'
      : `is more than ${mostRevisionsBack} revisions back`,
  )
}

/** Takes the transaction back; what it would have done is the answer. */
class DryRunDone extends Error {
  readonly rolledBack: RolledBack

  constructor(rolledBack: RolledBack) {
    super('dry run')
    this.rolledBack = rolledBack
  }
}
