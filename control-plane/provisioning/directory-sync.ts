import { DirectoryFailed } from '../directory/directory.ts'
import { openDirectory } from '../directory/open.ts'
import { recordAudit } from '../modules/audit/index.ts'
import type { DirectorySyncRun, DirectorySyncState } from '../modules/directory-sync/index.ts'
import {
  directorySettingsOf,
  type IdentityProvider,
  IdentityProviderEntity,
} from '../modules/identity-providers/index.ts'
import type { ServiceContext } from '../service-context.ts'
import { applyDifferences } from './directory-application.ts'
import {
  type DirectoryDifference,
  type DirectoryDifferences,
  findDifferences,
} from './directory-differences.ts'
import { LeasedRun, LeaseLost } from './directory-lease.ts'
import { readDirectory } from './directory-reading.ts'
import { endRefusal } from './directory-refusals.ts'
import { providerActor } from './provision-user.ts'

/** So many may lose their access, role or teams in one run, or so large a part, whichever is more. */
export const usualLeaving = { people: 10, part: 0.1 } as const
const mostAttempts = 8
const restMs = 15 * 60_000

/**
 * Does a run, or what is left of it: reads the directory, holds everybody against it, and follows it. Nobody loses
 * anything unless it was read to its end and not too many would. [S1-04, S1-11]
 *
 * @returns whether there was anything to do
 * @throws whatever the database fails with: the run is gone on with later
 */
export async function performRun(
  services: ServiceContext,
  named: Pick<DirectorySyncRun, 'id' | 'organizationId'>,
  signal: AbortSignal = new AbortController().signal,
): Promise<boolean> {
  const taken = await LeasedRun.take(services, named)
  if (!taken) return false
  const { leased, run } = taken
  try {
    await perform(services, leased, run, signal)
  } catch (error) {
    if (error instanceof LeaseLost || signal.aborted) return true
    if (!(error instanceof DirectoryFailed)) throw error
    await giveUp(services, leased, run, error)
  }
  return true
}

async function perform(
  services: ServiceContext,
  leased: LeasedRun,
  run: DirectorySyncRun,
  signal: AbortSignal,
) {
  const provider = await leased.transaction((em) =>
    em.findOne(IdentityProviderEntity, { id: run.providerId }),
  )
  const settings = provider && directorySettingsOf(services.secrets, provider)
  if (!provider || !settings) {
    const reason = 'The directory is set up no more'
    if (provider) await finish(services, leased, provider, 'failed', reason)
    return
  }
  const directory = openDirectory(settings, services.now)
  if (run.state !== 'applying') await readDirectory(leased, directory, signal)
  const found = await leased.transaction((em, current) =>
    findDifferences(em, provider, current, directory.claims),
  )
  const mayGoOn = await decide(services, leased, provider, found)
  if (!mayGoOn) return
  await applyDifferences(services, leased, provider, found.differences, signal)
  await finish(services, leased, provider, 'succeeded', null)
}

/** @returns whether anything is to be changed */
async function decide(
  services: ServiceContext,
  leased: LeasedRun,
  provider: IdentityProvider,
  { differences, live, leaving, skipped }: DirectoryDifferences,
): Promise<boolean> {
  const verdict = await leased.transaction(async (_em, run) => {
    // It was let through before it was interrupted.
    if (run.state === 'applying') return 'apply'
    Object.assign(run, { leaving, skipped })
    const allowed = Math.max(
      usualLeaving.people,
      Math.floor(live * usualLeaving.part),
      run.allowedLeaving ?? 0,
    )
    if (leaving > allowed)
      return `${leaving} of ${live} users would lose their access, role or teams, and at most ${allowed} may`
    if (run.dryRun) {
      Object.assign(run, countsOf(differences))
      return 'dry run'
    }
    run.state = 'applying'
    return 'apply'
  })
  if (verdict === 'apply') return true
  if (verdict === 'dry run') await finish(services, leased, provider, 'succeeded', null)
  else await finish(services, leased, provider, 'guarded', verdict)
  return false
}

function countsOf(differences: readonly DirectoryDifference[]) {
  const count = (kind: DirectoryDifference['kind']) => differences.filter((one) => one.kind === kind).length
  return { created: count('import'), updated: count('follow'), decommissioned: count('decommission') }
}

/** One that is only away is asked again later, from the page on that is missing. */
async function giveUp(
  services: ServiceContext,
  leased: LeasedRun,
  run: DirectorySyncRun,
  error: DirectoryFailed,
) {
  const { id: runId, providerId, organizationId, attempts } = run
  services.log.warn(
    { organizationId, providerId, runId, code: error.code, err: error },
    'a directory could not be read',
  )
  if (error.code === 'unavailable' && attempts + 1 < mostAttempts) {
    await leased.rest(new Date(services.now() + restMs), `${error.message}: it is asked again later`)
    return
  }
  const provider = await leased.transaction((em) => em.findOne(IdentityProviderEntity, { id: providerId }))
  if (provider) await finish(services, leased, provider, 'failed', error.message)
}

const auditTypes = {
  succeeded: 'directory_sync.finished',
  guarded: 'directory_sync.held_back',
  failed: 'directory_sync.failed',
} as const satisfies Partial<Record<DirectorySyncState, string>>

async function finish(
  { log, now }: ServiceContext,
  leased: LeasedRun,
  provider: IdentityProvider,
  state: keyof typeof auditTypes,
  message: string | null,
): Promise<void> {
  const at = new Date(now())
  await leased.transaction(async (em, run) => {
    Object.assign(run, { state, message, finishedAt: at, lease: null, leasedUntil: null, todo: null })
    const {
      id: runId,
      trigger,
      dryRun,
      seen,
      created,
      updated,
      decommissioned,
      skipped,
      errors,
      leaving,
    } = run
    const counts = { seen, created, updated, decommissioned, skipped, errors, leaving }
    const subject = { kind: 'identity_provider', id: provider.id }
    const details = { name: provider.name, runId, trigger, dryRun, ...counts, message }
    const outcome = state === 'succeeded' ? 'succeeded' : 'denied'
    await recordAudit(em, providerActor(provider), { type: auditTypes[state], subject, outcome, details }, at)
    const level = state === 'guarded' ? 'error' : 'info'
    log[level](
      { providerId: provider.id, runId, state, ...counts, reason: message },
      'a directory was reconciled',
    )
    await endRefusal(em, run, { wasRead: state !== 'failed' })
    // What was read last is kept for previews, and nothing else; of a part, nothing.
    await em.execute(
      `delete from directory_people where org_id = ? and run_id in (
         select id from directory_sync_runs where org_id = ? and provider_id = ? and (id <> ? or ?))`,
      [run.organizationId, run.organizationId, provider.id, runId, state === 'failed'],
    )
    await em.execute(
      `delete from directory_values where org_id = ? and run_id in (
         select id from directory_sync_runs where org_id = ? and provider_id = ? and (id <> ? or ?))`,
      [run.organizationId, run.organizationId, provider.id, runId, state === 'failed'],
    )
  })
}
