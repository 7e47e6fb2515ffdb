import { asOneRevision } from '../change.ts'
import type { DirectorySyncRun } from '../modules/directory-sync/index.ts'
import type { IdentityProvider } from '../modules/identity-providers/index.ts'
import { joinTransaction, type ServiceContext } from '../service-context.ts'
import type { DirectoryDifference } from './directory-differences.ts'
import { type LeasedRun, LeaseLost } from './directory-lease.ts'
import { type Followed, followDirectory } from './followed-directory.ts'
import { providerActor } from './provision-user.ts'
import { SessionEnds } from './session-end.ts'

/** People of one transaction, which is one revision. */
const mostAtOnce = 500

/**
 * Makes so what differs, many people at a time. One who cannot be followed keeps nobody else from it.
 *
 * @throws LeaseLost
 */
export async function applyDifferences(
  services: ServiceContext,
  leased: LeasedRun,
  provider: IdentityProvider,
  differences: readonly DirectoryDifference[],
  signal: AbortSignal,
): Promise<void> {
  const application = { services, leased, provider, signal }
  for (let at = 0; at < differences.length; at += mostAtOnce) {
    await applyAll(application, differences.slice(at, at + mostAtOnce))
  }
}

interface Application {
  readonly services: ServiceContext
  readonly leased: LeasedRun
  readonly provider: IdentityProvider
  readonly signal: AbortSignal
}

async function applyAll(application: Application, batch: readonly DirectoryDifference[]): Promise<void> {
  application.signal.throwIfAborted()
  try {
    await applyBatch(application, batch)
  } catch (error) {
    if (error instanceof LeaseLost || application.signal.aborted) throw error
    const [only, ...others] = batch
    if (only && others.length === 0) return passOver(application, only, error)
    // Whose fault it was is found by halves.
    const middle = Math.ceil(batch.length / 2)
    await applyAll(application, batch.slice(0, middle))
    await applyAll(application, batch.slice(middle))
  }
}

async function passOver(
  { services, leased, provider }: Application,
  { subject }: DirectoryDifference,
  error: unknown,
): Promise<void> {
  const named = { providerId: provider.id, runId: leased.id, subject, err: error }
  services.log.warn(named, 'a directory could not be followed')
  await leased.transaction(async (_em, run) => {
    run.errors += 1
  })
}

async function applyBatch(
  { services, leased, provider }: Application,
  batch: readonly DirectoryDifference[],
): Promise<void> {
  const actor = providerActor(provider)
  const { ended, taken } = await leased.transaction(async (em, run) => {
    const context = joinTransaction(services, em)
    const { result } = await asOneRevision(em, actor, () =>
      followDirectory({ context, em, actor, provider }, batch),
    )
    count(run, batch, result)
    return result
  })
  for (const subject of taken) {
    const named = { providerId: provider.id, runId: leased.id, subject }
    services.log.warn(named, 'a directory could not be followed: another user has the e-mail address')
  }
  // They were signed out with the rest: this takes the sessions themselves away.
  await new SessionEnds(services).endOfUsers(provider, ended)
}

function count(
  run: DirectorySyncRun,
  { length }: readonly DirectoryDifference[],
  { created, updated, decommissioned, taken }: Followed,
): void {
  run.created += created
  run.updated += updated
  run.decommissioned += decommissioned
  run.errors += taken.length
  run.skipped += length - created - updated - decommissioned - taken.length
}
