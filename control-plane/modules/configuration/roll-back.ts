import type { Actor } from '../../actor.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { changeConfiguration } from '../../publisher/revision.ts'
import { readVersion } from '../../publisher/revisions.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { recordAudit } from '../audit/index.ts'
import { guardsHeaderChanges, outdateChanges } from '../client-configuration/index.ts'
import { readEarlierState } from './earlier-state.ts'
import { CannotRestore, ChangedMeanwhile } from './errors.ts'
import { planRestoration } from './restoration-plan.ts'
import { restoreRows } from './restore-rows.ts'
import { type ConfigurationRevision, findRevision, requireWholeConfiguration } from './revisions.ts'

const mostRevisionsBack = 10_000
const mostKeysInAudit = 500

export interface RollBack {
  /** Of the present epoch. */
  readonly revision: number
  readonly skipUnrestorable?: boolean | null | undefined
}

export interface RolledBack {
  readonly revision: ConfigurationRevision
  /** What stayed as it was, and why. */
  readonly skipped: readonly string[]
}

/**
 * Makes the configuration what it was at an earlier revision, as a new revision. Secrets stay those of today.
 *
 * @throws NotFound, CannotRestore, ChangedMeanwhile
 */
export function rollBackConfiguration(
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
    if (!head || !(await findRevision(em, organizationId, { ...head, revision: input.revision }))) {
      throw new NotFound('configuration revision', name)
    }
    checkDistance(head.revision - input.revision)
    const target = { epoch: head.epoch, revision: input.revision }
    const state = await readEarlierState(em, organizationId, target)
    const guardsHeaders = await guardsHeaderChanges(em, organizationId)
    const plan = planRestoration(state, { guardsHeaders })
    await restoreRows(em, organizationId, state.rows, plan)
    await outdateChanges(context, em, organizationId)
    const skipped = [...plan.unrestorable.values()]
    if (skipped.length > 0 && input.skipUnrestorable !== true) {
      throw new CannotRestore(name, skipped.join('; '))
    }
    const changed = [...plan.upserts.keys(), ...plan.removals]
    const details = { restored: target, changed: changed.slice(0, mostKeysInAudit), skipped }
    const subject = { kind: 'configuration', id: organizationId }
    const entry = { type: 'configuration.rolled_back', subject, details }
    await recordAudit(em, actor, entry, new Date(context.now()))
    const change = { upserts: [...plan.upserts.values()], removals: [...plan.removals] }
    const revision = await changeConfiguration(em, organizationId, change, actor)
    // What another transaction committed since the plan was made is not in it.
    if (revision !== head.revision + 1) throw new ChangedMeanwhile(String(revision - 1))
    const made = await findRevision(em, organizationId, { epoch: head.epoch, revision })
    if (!made) throw new Error(`revision ${revision} cannot be read back`)
    return { revision: made, skipped }
  })
  return refuseViolations({ referenced }, work)
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
