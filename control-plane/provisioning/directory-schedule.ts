import type { EntityManager } from '@mikro-orm/postgresql'
import type { BackgroundWork } from '../background/dependencies.ts'
import { startLoop } from '../background/loop.ts'
import { newId } from '../db/id.ts'
import { DirectorySyncRunEntity, waitingRun } from '../modules/directory-sync/index.ts'
import { type IdentityProvider, IdentityProviderEntity } from '../modules/identity-providers/index.ts'
import type { ServiceContext } from '../service-context.ts'
import { keepRefusal, takeRefusal, waitingRefusal } from './directory-refusals.ts'
import { performRun } from './directory-sync.ts'
import { lock } from './lock.ts'

export const reconcileEveryMs = 24 * 60 * 60_000
/** For each reason a run at most so often. */
const everyMs = { schedule: reconcileEveryMs, refusal: 15 * 60_000 } as const
const usualIntervalMs = 5_000
const keptRuns = 100

/** Has people held against their directories once a day, and does the runs that somebody asked for. [S1-11] */
export function startDirectorySync(services: ServiceContext, pauseMs = usualIntervalMs): BackgroundWork {
  const stopping = new AbortController()
  let isFirst = true
  const loop = startLoop({
    name: 'directory reconciliation',
    log: services.log.child({ loop: 'directory reconciliation' }),
    pauseMs,
    step: async () => {
      // Control planes that begin together leave each other the time to say so.
      if (!isFirst) await reconcileDirectories(services, stopping.signal)
      isFirst = false
    },
  })
  return {
    stop() {
      stopping.abort()
      return loop.stop()
    },
  }
}

/**
 * Does the runs that are due and that nobody else is at. However many control planes there are, and whatever time they were
 * away: one run for each provider, 24 hours after the last one began.
 */
export async function reconcileDirectories(services: ServiceContext, signal?: AbortSignal): Promise<void> {
  for (const organizationId of await services.database.organizationIds()) {
    try {
      await scheduleRuns(services, organizationId)
      for (const run of await listRuns(services, organizationId)) {
        if (signal?.aborted) return
        await performRun(services, run, signal)
      }
    } catch (error) {
      services.log.warn({ organizationId, err: error }, 'directories could not be reconciled')
    }
  }
}

function listRuns({ database, now }: ServiceContext, organizationId: string) {
  return database.transaction(organizationId, (em) =>
    em.find(
      DirectorySyncRunEntity,
      { finishedAt: null, $or: [{ leasedUntil: null }, { leasedUntil: { $lte: new Date(now()) } }] },
      { orderBy: { id: 'asc' } },
    ),
  )
}

async function scheduleRuns(services: ServiceContext, organizationId: string): Promise<void> {
  const providers = await services.database.transaction(organizationId, (em) =>
    em.find(IdentityProviderEntity, { enabled: true, directory: { $ne: null } }),
  )
  for (const provider of providers) {
    if (provider.directory?.isReconciled) await scheduleRun(services, provider)
  }
}

/**
 * A provider stands by somebody's session no more. That alone does not say that they have left: its directory does, and it
 * is read within seconds rather than at its time, or as soon as it may be read again.
 */
export async function askDirectory(services: ServiceContext, provider: IdentityProvider): Promise<void> {
  if (provider.directory?.isReconciled) await scheduleRun(services, provider, { isRefused: true })
}

/** Makes the run that is due, if one is. A refusal stays until a run that was made after it has read everybody. */
function scheduleRun(
  { database, now }: ServiceContext,
  { organizationId, id: providerId }: IdentityProvider,
  { isRefused = false }: { readonly isRefused?: boolean } = {},
): Promise<void> {
  const named = [organizationId, providerId]
  return database.transaction(organizationId, async (em) => {
    // Of two control planes that look at once, the later one finds the run of the earlier one.
    await lock(em, `directory of ${providerId}`)
    if (isRefused) await keepRefusal(em, { organizationId, id: providerId })
    const trigger = await readDue(em, named, now())
    if (trigger === null) return
    const id = newId('dsr')
    const createdAt = new Date(now())
    em.create(DirectorySyncRunEntity, waitingRun({ id, organizationId, providerId, trigger, createdAt }))
    await em.flush()
    await takeRefusal(em, { organizationId, providerId, id })
    await em.execute(
      `delete from directory_sync_runs where org_id = ? and provider_id = ? and finished_at is not null and id <= (
         select id from directory_sync_runs where org_id = ? and provider_id = ? order by id desc offset ? limit 1)`,
      [...named, ...named, keptRuns],
    )
  })
}

/** One at a time, and for each reason at most so often. */
async function readDue(
  em: EntityManager,
  named: readonly string[],
  now: number,
): Promise<keyof typeof everyMs | null> {
  const runs = 'select from directory_sync_runs where org_id = ? and provider_id = ?'
  const [row] = await em.execute<{ due: keyof typeof everyMs | null }[]>(
    `select case
       when exists (${runs} and finished_at is null) then null
       when not exists (${runs} and trigger = 'schedule' and created_at > ?) then 'schedule'
       when not exists (${runs} and trigger = 'refusal' and created_at > ?)
         and exists (${waitingRefusal}) then 'refusal'
     end as due`,
    [
      ...named,
      ...[...named, new Date(now - everyMs.schedule)],
      ...[...named, new Date(now - everyMs.refusal)],
      ...named,
    ],
  )
  return row?.due ?? null
}
