import type { BackgroundDependencies, BackgroundWork } from './dependencies.ts'
import { startLoop } from './loop.ts'

const everyMs = 60 * 60 * 1000

/** What is deleted when it is old enough. */
export interface Pruned {
  /** As the log names it. */
  readonly name: string
  readonly keptMs: number
  /** Deletes a batch of what an organization has from before that time. @returns whether there may be more */
  prune(organizationId: string, before: Date): Promise<boolean>
}

/** Deletes what is too old, every hour and batch by batch, so that nothing waits long for it. */
export function startPruning(
  { database, log, now }: BackgroundDependencies,
  { name, keptMs, prune }: Pruned,
): BackgroundWork {
  return startLoop({
    name,
    log: log.child({ loop: name }),
    pauseMs: everyMs,
    step: async () => {
      const before = new Date(now() - keptMs)
      for (const organizationId of await database.organizationIds()) {
        let hasMore = true
        while (hasMore) hasMore = await prune(organizationId, before)
      }
    },
  })
}
