import { GraphQLError } from 'graphql'
import type { Json } from '../../contract/canonical.ts'
import {
  type FileProblem,
  findFormProblems,
  isConfigurationFile,
} from '../../contract/configuration-file/problems.ts'
import type { ConfigurationFile } from '../../contract/configuration-file/schema.ts'
import type { Actor } from '../actor.ts'
import { asOneRevision } from '../change.ts'
import { BadUserInput, Forbidden, Refusal } from '../graphql/errors.ts'
import { recordAudit } from '../modules/audit/index.ts'
import { RightsExceeded } from '../modules/roles/errors.ts'
import { recordEscalation } from '../modules/roles/refused-escalation.ts'
import { lockPolicyOwner } from '../policy-owners.ts'
import { readVersion } from '../publisher/revisions.ts'
import { joinTransaction, type ServiceContext, transactionOf } from '../service-context.ts'
import { ConfigurationFileInvalid, ConfigurationMoved } from './errors.ts'
import { fieldPath } from './field-path.ts'
import { NamedIds, NameWithoutId } from './names.ts'
import { type IssuedSecret, type Performance, performStep } from './perform.ts'
import { type Plan, planChanges, type Step } from './plan.ts'
import { readPresentConfiguration } from './present-items.ts'
import { wantedConfiguration } from './wanted-items.ts'

export interface ApplyConfiguration {
  readonly document: Json
  /** The values of the variables that the document names. */
  readonly secrets: ReadonlyMap<string, string>
  readonly prune: boolean
  /** Does everything and then takes it back: what would be refused is found, nothing is changed. */
  readonly dryRun: boolean
  /** Refused when the configuration has another revision by now. */
  readonly ifRevision?: number | null | undefined
}

export interface AppliedConfiguration {
  readonly dryRun: boolean
  readonly steps: readonly Step[]
  readonly issued: readonly IssuedSecret[]
  readonly warnings: readonly string[]
  /** Of the configuration afterwards, which a dry run leaves as it was. */
  readonly revision: number
}

/** Below what an operation of the API may take: a caller who was told of a time-out must find nothing changed. */
const longestApplicationMs = 25_000

/**
 * Makes the organization what a file says, in one transaction and one revision. Every difference is a mutation
 * with its own permission, checks and audit event; one that is refused leaves everything as it was.
 *
 * @throws ConfigurationFileInvalid with everything that is wrong, ConfigurationMoved
 */
export async function applyConfiguration(
  context: ServiceContext,
  actor: Actor,
  input: ApplyConfiguration,
  { timeLimitMs = longestApplicationMs } = {},
): Promise<AppliedConfiguration> {
  const endsAt = performance.now() + timeLimitMs
  actor.require('configuration:apply', { workspaceId: null })
  if (actor.rowScope !== 'all') throw new Forbidden('configuration:apply', 'Your role sees only some rows')
  const file: unknown = input.document
  if (!isConfigurationFile(file)) throw new ConfigurationFileInvalid(findFormProblems(file))
  const escalations: RightsExceeded[] = []
  try {
    return await transactionOf(context, actor, (em) =>
      applyFile({ context, actor, em, endsAt, escalations }, file, input),
    )
  } catch (error) {
    if (error instanceof DryRunDone) return error.applied
    // What the mutations recorded of it was taken back with everything else.
    const subject = { kind: actor.kind, id: actor.id }
    for (const escalation of escalations) await recordEscalation(context, actor, subject, escalation)
    throw error
  }
}

interface Transaction extends Pick<Performance, 'context' | 'actor' | 'em'> {
  /** Attempts to give more than the actor has, which are to be on record whatever becomes of the transaction. */
  readonly escalations: RightsExceeded[]
  /** On the clock of `performance`, in milliseconds. */
  readonly endsAt: number
}

async function applyFile(
  transaction: Transaction,
  file: ConfigurationFile,
  input: ApplyConfiguration,
): Promise<AppliedConfiguration> {
  const { actor, em, context } = transaction
  // Two applications at once would each plan without what the other does.
  await lockPolicyOwner(em, actor, { kind: 'organization', id: actor.organizationId })
  const before = (await readVersion(em, actor.organizationId))?.revision ?? 0
  const present = await readPresentConfiguration(em, context, actor.organizationId)
  const workspaces = present.items.flatMap(({ kind, name }) => (kind === 'workspace' ? name : []))
  const wanted = wantedConfiguration(file, workspaces, context.now())
  const plan = planChanges(wanted, present.items, input)
  if (plan.problems.length > 0) throw new ConfigurationFileInvalid(plan.problems)

  const ids = new NamedIds(present.items)
  for (const [id, name] of present.providerConfigs) ids.add('provider_config', name, id)
  const performance = { ...transaction, ids, secrets: input.secrets, issued: [] }
  const { result: problems, revision = before } = await asOneRevision(em, actor, () =>
    performAll(performance, plan.steps, transaction),
  )
  if (problems.length > 0) throw new ConfigurationFileInvalid(problems)
  refuseMoved(input.ifRevision, revision - (revision === before ? 0 : 1))
  const applied = { dryRun: input.dryRun, steps: plan.steps, warnings: plan.warnings }
  if (input.dryRun) throw new DryRunDone({ ...applied, issued: [], revision: before })
  if (plan.steps.length > 0)
    await recordAudit(em, actor, applicationEntry(actor, plan), new Date(context.now()))
  return { ...applied, issued: performance.issued, revision }
}

/** Does all steps, each within a savepoint, so that one that is refused does not hide the next one's refusal. */
async function performAll(
  performance: Performance,
  steps: readonly Step[],
  { endsAt, escalations }: Transaction,
): Promise<FileProblem[]> {
  const problems: FileProblem[] = []
  const joined = { ...performance, context: joinTransaction(performance.context, performance.em) }
  for (const step of steps) {
    refuseLate(endsAt)
    try {
      await performStep(joined, step)
    } catch (error) {
      if (error instanceof RightsExceeded) escalations.push(error)
      if (!(error instanceof NameWithoutId && problems.length > 0)) problems.push(problemOf(step, error))
    }
  }
  return problems
}

function refuseLate(endsAt: number): void {
  if (globalThis.performance.now() < endsAt) return
  throw new BadUserInput(
    'document',
    'takes too long to apply at once: apply it in parts. Nothing was changed',
  )
}

/** @throws what was not made for callers, and a permission that the actor lacks. */
function problemOf(step: Step, error: unknown): FileProblem {
  const path = step.action === 'delete' ? '' : step.item.path
  const subject = step.action === 'delete' ? step.present : step.item
  const what = `${subject.kind.replace('_', ' ')} "${subject.name.at(-1) ?? ''}"`
  if (error instanceof Refusal) {
    return { path, message: step.action === 'delete' ? `${what}: ${error.message}` : error.message }
  }
  if (error instanceof GraphQLError && error.extensions.code === 'BAD_USER_INPUT') {
    return { path: path + fieldPath(error), message: error.message }
  }
  throw error
}

function refuseMoved(expected: number | null | undefined, found: number): void {
  if (expected != null && expected !== found) throw new ConfigurationMoved(String(expected), String(found))
}

function applicationEntry({ organizationId }: Actor, { steps }: Plan) {
  const count = (action: Step['action']) => steps.filter((step) => step.action === action).length
  return {
    type: 'configuration.applied',
    subject: { kind: 'organization', id: organizationId },
    details: { created: count('create'), updated: count('update'), deleted: count('delete') },
  }
}

/** Takes the transaction back; what it would have done is the answer. */
class DryRunDone extends Error {
  readonly applied: AppliedConfiguration

  constructor(applied: AppliedConfiguration) {
    super('dry run')
    this.applied = applied
  }
}
