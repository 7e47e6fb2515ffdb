import type { BackgroundDependencies, BackgroundWork } from '../../background/dependencies.ts'
import { startLoop } from '../../background/loop.ts'
import { keepKeys } from './keys.ts'

const intervalMs = 10 * 60_000

/**
 * Keeps the keys in order, for as long as it runs, where people can sign in: data planes then know a key before the first
 * token is signed with it.
 */
export function startAccessTokenKeys(deps: BackgroundDependencies): BackgroundWork {
  const { database, log } = deps
  return startLoop({
    name: 'access token keys',
    log: log.child({ loop: 'access token keys' }),
    pauseMs: intervalMs,
    step: async () => {
      for (const organizationId of await database.organizationIds()) {
        await database.transaction(organizationId, async (em) => {
          const signsIn = await em.execute<object[]>(
            'select id from identity_providers where enabled limit 1',
          )
          if (signsIn.length === 0) return
          await keepKeys(deps, em, organizationId)
        })
      }
    },
  })
}
