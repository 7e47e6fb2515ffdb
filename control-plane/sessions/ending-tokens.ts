import type { OwnedSession, SessionLimit, SessionStore, StoredSession } from './session-store.ts'

/** Has the access tokens of sessions refused everywhere. May be said twice. */
export type EndTokens = (organizationId: string, sessionIds: readonly string[]) => Promise<void>

/**
 * A store out of which no session goes without its access tokens. They are ended before, so that a process that dies in
 * between leaves none behind, and after, because one may have been issued meanwhile: whoever issues one looks whether its
 * session is there still, and only then hands it out.
 *
 * @param endLateTokens has those refused that were issued meanwhile; nobody's first end waits for it
 */
export function endingTokens(
  store: SessionStore,
  endTokens: EndTokens,
  endLateTokens: EndTokens = endTokens,
): SessionStore {
  const around = async <T>(
    organizationId: string,
    ids: readonly string[],
    remove: () => Promise<T>,
    removedBy: (outcome: T) => readonly string[],
  ): Promise<T> => {
    await endTokens(organizationId, ids)
    const outcome = await remove()
    await endLateTokens(organizationId, removedBy(outcome))
    return outcome
  }
  return {
    find: (...args) => store.find(...args),
    touch: (...args) => store.touch(...args),
    claimRefresh: (...args) => store.claimRefresh(...args),
    releaseRefresh: (...args) => store.releaseRefresh(...args),
    storeSecrets: (...args) => store.storeSecrets(...args),
    listOfUsers: (...args) => store.listOfUsers(...args),
    findByProviderSession: (...args) => store.findByProviderSession(...args),
    listDue: (...args) => store.listDue(...args),
    // What ends by itself had no token that outlives it by more than a token lives.
    removeExpired: (...args) => store.removeExpired(...args),
    async create(session: StoredSession, limit: SessionLimit, now: number) {
      const outcome = await store.create(session, limit, now)
      if (outcome !== 'refused') await endTokens(session.organizationId, idsOf(outcome.evicted))
      return outcome
    },
    replace: (organizationId, id, next, when) =>
      around(
        organizationId,
        [],
        () => store.replace(organizationId, id, next, when),
        (outcome) => (outcome === 'replaced' ? [id] : []),
      ),
    remove: (organizationId, id) =>
      around(
        organizationId,
        [id],
        () => store.remove(organizationId, id),
        () => [id],
      ),
    async removeOfUsers(organizationId, userIds) {
      const live = await store.listOfUsers(organizationId, userIds, 0)
      return around(
        organizationId,
        live.map(({ id }) => id),
        () => store.removeOfUsers(organizationId, userIds),
        idsOf,
      )
    },
    async removeByProviderSession(organizationId, providerId, tags) {
      return around(
        organizationId,
        await store.findByProviderSession(organizationId, providerId, tags),
        () => store.removeByProviderSession(organizationId, providerId, tags),
        idsOf,
      )
    },
  }
}

const idsOf = (sessions: readonly OwnedSession[]) => sessions.map(({ id }) => id)
