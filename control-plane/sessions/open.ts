import { openTenantConnections } from '../../transport/redis/tenant-connections.ts'
import type { BackgroundWork } from '../background/dependencies.ts'
import { startLoop } from '../background/loop.ts'
import type { Database } from '../db/database.ts'
import { gathering } from '../gathering.ts'
import { endTokensOfSessions } from '../modules/access-tokens/index.ts'
import type { ServiceContext } from '../service-context.ts'
import type { StoredSessionSettings } from '../session-settings.ts'
import { DatabaseSessionStore } from './database-store.ts'
import { type EndTokens, endingTokens } from './ending-tokens.ts'
import { MemorySessionStore } from './memory-store.ts'
import { RedisSessionStore } from './redis-store.ts'
import { SessionKeys } from './session-keys.ts'
import { SessionSealing } from './session-sealing.ts'
import type { SessionStore } from './session-store.ts'
import { Sessions } from './sessions.ts'

export interface SessionDependencies extends Pick<ServiceContext, 'database' | 'log' | 'now'> {
  readonly masterKey: Buffer
  readonly redisUrl: string | undefined
}

export interface OpenedSessions {
  readonly sessions: Sessions
  close(): void
}

/** @throws TypeError when they are to be kept in a Redis and none is named */
export function openSessions(deps: SessionDependencies, settings: StoredSessionSettings): OpenedSessions {
  const { store, close } = openStore(deps, settings)
  const sealing = new SessionSealing(new SessionKeys(deps.masterKey))
  const whole = endingTokens(store, endTogether(deps.database), endTogether(deps.database))
  return { sessions: new Sessions(whole, sealing, settings, deps.now), close }
}

/** Sessions that end at once share a revision: each would otherwise wait for those of all others to be published. */
function endTogether(database: Database): EndTokens {
  const end = gathering<string>((organizationId, ids) => endTokensOfSessions(database, organizationId, ids))
  return async (organizationId, ids) => {
    if (ids.length > 0) await end(organizationId, ids)
  }
}

interface OpenedStore {
  readonly store: SessionStore
  close(): void
}

function openStore(
  { database, redisUrl, log }: SessionDependencies,
  settings: StoredSessionSettings,
): OpenedStore {
  const nothing = () => {}
  if (settings.store === 'database') return { store: new DatabaseSessionStore(database), close: nothing }
  if (settings.store === 'memory') return { store: new MemorySessionStore(), close: nothing }
  if (redisUrl === undefined) throw new TypeError('SESSION_STORE=redis needs REDIS_URL')
  const connections = openTenantConnections(redisUrl, { role: 'sessions', log })
  return { store: new RedisSessionStore(connections.connectionOf), close: () => connections.close() }
}

const sweepIntervalMs = 10 * 60_000

/** Forgets sessions that have ended by themselves, for as long as it runs. */
export function startSessionSweep(
  sessions: Sessions,
  { database, log }: { readonly database: Database } & Pick<ServiceContext, 'log'>,
): BackgroundWork {
  return startLoop({
    name: 'ended sessions',
    log,
    pauseMs: sweepIntervalMs,
    step: async () => {
      for (const organizationId of await database.organizationIds()) {
        while (await sessions.removeExpired(organizationId));
      }
    },
  })
}
