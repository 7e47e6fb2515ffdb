import { asOneRevision } from '../change.ts'
import type { DirectorySyncRun } from '../modules/directory-sync/index.ts'
import type { IdentityProvider } from '../modules/identity-providers/index.ts'
import { joinTransaction, type ServiceContext } from '../service-context.ts'
import type { DirectoryDifference } from './directory-differences.ts'
import { type LeasedRun, LeaseLost } from './directory-lease.ts'
import { type Followed, followDirectory } from './followed-directory.ts'
import { providerActor } from './provision-user.ts'
import { endSessionsOfUser } from './session-end.ts'

/** People of one transaction, which is one revision. */
const mostAtOnce = 50

/**
 * Makes so what differs, some people at a time. One who cannot be followed keeps nobody else from it.
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
  for (let at = 0; at < differences.length; at += mostAtOnce) {
    signal.throwIfAborted()
    const batch = differences.slice(at, at + mostAtOnce)
    try {
      await applyBatch(services, leased, provider, batch)
    } catch (error) {
      if (error instanceof LeaseLost || signal.aborted) throw error
      // Whose fault it was is found by taking them one by one.
      for (const difference of batch) await applyAlone(services, leased, provider, difference)
    }
  }
}

async function applyAlone(
  services: ServiceContext,
  leased: LeasedRun,
  provider: IdentityProvider,
  difference: DirectoryDifference,
): Promise<void> {
  try {
    await applyBatch(services, leased, provider, [difference])
  } catch (error) {
    if (error instanceof LeaseLost) throw error
    const { subject } = difference
    services.log.warn(
      { providerId: provider.id, runId: leased.id, subject, err: error },
      'a directory could not be followed',
    )
    await leased.transaction(async (_em, run) => {
      run.errors += 1
    })
  }
}

async function applyBatch(
  services: ServiceContext,
  leased: LeasedRun,
  provider: IdentityProvider,
  batch: readonly DirectoryDifference[],
): Promise<void> {
  const actor = providerActor(provider)
  const followed = await leased.transaction(async (em, run) => {
    const context = joinTransaction(services, em)
    const { result } = await asOneRevision(em, actor, async () => {
      const results: Followed[] = []
      for (const difference of batch) {
        const claims = difference.kind === 'decommission' ? {} : difference.claims
        results.push(await followDirectory({ context, em, actor, provider, claims }, difference))
      }
      return results
    })
    count(run, result)
    return result
  })
  const { organizationId, id: providerId } = provider
  // Whoever is inactive or without a role is let in no more already: this takes the session itself away.
  for (const { ended } of followed) {
    if (ended)
      await endSessionsOfUser(services, { organizationId, providerId, userId: ended.userId }, ended.reason)
  }
}

function count(run: DirectorySyncRun, followed: readonly Followed[]): void {
  for (const { outcome } of followed) run[outcome] += 1
}
