import type { BackgroundWork } from '../background/dependencies.ts'
import { startLoop } from '../background/loop.ts'
import {
  type IdentityProvider,
  IdentityProviderEntity,
  RelyingParties,
} from '../modules/identity-providers/index.ts'
import { UserEntity } from '../modules/users/index.ts'
import type { ServiceContext } from '../service-context.ts'
import type { StoredSessionSettings } from '../session-settings.ts'
import type { Session } from '../sessions/session.ts'
import { hasEnded, readSessionEpochs } from '../sessions/session-epochs.ts'
import { AskedProviders } from './asked-providers.ts'
import { type CheckedSession, type Checking, checkSession } from './checked-session.ts'
import { askDirectory } from './directory-schedule.ts'
import { SessionEnds } from './session-end.ts'

const stepIntervalMs = 15_000
const mostAtOnce = 100
const mostInParallel = 4
/** So long after its check was due a session is kept whose provider cannot be asked. */
export const checkGraceMs = 60 * 60_000

interface CheckOptions {
  readonly relyingParties?: RelyingParties
  /** Ends it early, between two sessions. */
  readonly signal?: AbortSignal
}

type CheckSettings = Pick<StoredSessionSettings, 'checkMs'>

/** Has each live session confirmed by its identity provider every so often, for as long as it runs. [S1-10] */
export function startSessionCheck(services: ServiceContext, settings: CheckSettings): BackgroundWork {
  const relyingParties = new RelyingParties(services)
  const stopping = new AbortController()
  const loop = startLoop({
    name: 'session checks',
    log: services.log.child({ loop: 'session checks' }),
    pauseMs: stepIntervalMs,
    step: () => checkSessions(services, settings, { relyingParties, signal: stopping.signal }),
  })
  return {
    stop() {
      stopping.abort()
      return loop.stop()
    },
  }
}

/**
 * Checks all sessions that are due. A failure keeps nobody else's session from its check: it is logged, and the session is
 * looked at again in the next step.
 *
 * @throws when the organizations cannot be listed
 */
export async function checkSessions(
  services: ServiceContext,
  { checkMs }: CheckSettings,
  { relyingParties = new RelyingParties(services), signal }: CheckOptions = {},
): Promise<void> {
  const providers = new AskedProviders(relyingParties)
  const ends = new SessionEnds(services)
  for (const organizationId of await services.database.organizationIds()) {
    if (signal?.aborted) return
    try {
      const now = services.now()
      const graceBefore = now - checkMs - checkGraceMs
      const checking = { services, providers, ends, signal, graceBefore, refusing: new Map() }
      await checkOrganization(checking, organizationId, now - checkMs)
    } catch (error) {
      services.log.warn({ organizationId, err: error }, 'sessions could not be checked')
    }
  }
}

/** Batch by batch: those that stay as they are, for their provider is away, are passed over. */
async function checkOrganization(checking: Checking, organizationId: string, dueAt: number): Promise<void> {
  const { sessions } = checking.services
  // What has ended is no longer due, and would fill batches.
  while (await sessions.removeExpired(organizationId));
  let skip = 0
  let listed: number
  do {
    const page = { checkedBefore: dueAt + 1, limit: mostAtOnce, skip }
    const due = await sessions.listDue(organizationId, page)
    listed = due.listed
    skip += listed - (await checkBatch(checking, organizationId, due.sessions))
  } while (listed === mostAtOnce && !checking.signal?.aborted)
}

/** @returns how many of them are done with */
async function checkBatch(
  checking: Checking,
  organizationId: string,
  sessions: readonly Session[],
): Promise<number> {
  if (sessions.length === 0) return 0
  const { services, refusing } = checking
  // In no order: those that fail each time would otherwise always come first, and look like a provider that is away.
  const queue = shuffled(await lookUp(services, organizationId, sessions)).values()
  let done = 0
  const work = async () => {
    for (const checked of queue) {
      // Who is gone comes first: to ask about others meanwhile would hold up what tells data planes.
      await checking.ends.settled()
      if (checking.signal?.aborted) return
      try {
        if (await checkSession(checking, checked)) done++
      } catch (error) {
        const { id: sessionId, providerId } = checked.session
        services.log.warn(
          { organizationId, sessionId, providerId, err: error },
          'a session could not be checked',
        )
      }
    }
  }
  await Promise.all(Array.from({ length: mostInParallel }, work))
  // Only now: nobody's access waits for it to end.
  await askDirectories(services, [...refusing.values()])
  refusing.clear()
  return done
}

async function askDirectories(
  services: ServiceContext,
  providers: readonly IdentityProvider[],
): Promise<void> {
  for (const provider of providers) {
    try {
      await askDirectory(services, provider)
    } catch (error) {
      const { organizationId, id: providerId } = provider
      services.log.warn({ organizationId, providerId, err: error }, 'a directory could not be asked for')
    }
  }
}

function lookUp(
  { database }: ServiceContext,
  organizationId: string,
  sessions: readonly Session[],
): Promise<CheckedSession[]> {
  return database.transaction(organizationId, async (em) => {
    const userIds = [...new Set(sessions.map(({ userId }) => userId))]
    const active = await em.find(UserEntity, { id: { $in: userIds }, active: true }, { fields: ['id'] })
    const activeIds = new Set(active.map(({ id }) => id))
    const providers = new Map<string, IdentityProvider>()
    for (const provider of await em.find(IdentityProviderEntity, {})) providers.set(provider.id, provider)
    const epochs = await readSessionEpochs(em, organizationId, userIds)
    return sessions.map((session) => ({
      session,
      hasEnded: hasEnded(session, epochs.get(session.userId)),
      provider: providers.get(session.providerId),
      isUserActive: activeIds.has(session.userId),
    }))
  })
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value)
}
