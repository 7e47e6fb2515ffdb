/**
 * Every Redis key and channel, in one place. All names of an organization share one hash tag, so that a
 * cluster keeps them in one slot and a script may touch several.
 */
export const channels = {
  /** String: the signed head. */
  configHead: (organizationId: string) => `gh:{${organizationId}}:config:head`,
  /** String: the latest full snapshot. */
  configSnapshot: (organizationId: string) => `gh:{${organizationId}}:config:snapshot`,
  /** String: the next snapshot while somebody writes it. */
  configNextSnapshot: (organizationId: string, writer: string) =>
    `gh:{${organizationId}}:config:snapshot:next:${writer}`,
  /** Stream: deltas, the entry id is `<revision>-0`. */
  configDeltas: (organizationId: string) => `gh:{${organizationId}}:config:deltas`,
  /** String: what one data plane may know in clear, sealed to its key. */
  configCredentials: (organizationId: string, dataPlaneId: string) =>
    `gh:{${organizationId}}:config:credentials:${dataPlaneId}`,
  /** Pub/sub: "the head moved"; a hint, never the truth. */
  configHints: (organizationId: string) => `gh:{${organizationId}}:config:hints`,
  /** Stream: signed event batches from the data planes. */
  events: (organizationId: string) => `gh:{${organizationId}}:events`,
  /** Hash: by data plane, which of its batches have been taken in, signed. */
  eventConfirmations: (organizationId: string) => `gh:{${organizationId}}:events:confirmed`,
  /** Hash: what one data plane has under way, by process and round, signed; and a counter for each process that is alive. */
  intents: (organizationId: string, dataPlaneId: string) => `gh:{${organizationId}}:intents:${dataPlaneId}`,
  /** Stream: signed lease requests from the data planes. */
  leaseRequests: (organizationId: string) => `gh:{${organizationId}}:leases:requests`,
  /** Pub/sub: signed lease replies to one data plane. */
  leaseReplies: (organizationId: string, dataPlaneId: string) =>
    `gh:{${organizationId}}:leases:replies:${dataPlaneId}`,
  /** String: how much of its leases the calls of one data plane hold, signed; gone soon after it falls silent. */
  budgetHoldings: (organizationId: string, dataPlaneId: string) =>
    `gh:{${organizationId}}:holdings:${dataPlaneId}`,
  /** Sorted set: the grants of one request limit by the time until which they count. */
  limitGrants: (organizationId: string, limitId: string) => `gh:{${organizationId}}:limit:${limitId}`,
  /** Hash: the permits of each of those grants, and their sum under the empty name. */
  limitPermits: (organizationId: string, limitId: string) =>
    `gh:{${organizationId}}:limit:${limitId}:permits`,
  /** Hash: the slots for calls under way of one virtual key or provider key, by who holds them and until when. */
  limitSlots: (organizationId: string, limitId: string) => `gh:{${organizationId}}:limit:${limitId}:slots`,
  /** Hash: one session of a person, its content sealed. */
  session: (organizationId: string, sessionId: string) => `gh:{${organizationId}}:session:${sessionId}`,
  /** Sorted set: the sessions of one user by when they were seen last. */
  sessionsOfUser: (organizationId: string, userId: string) =>
    `gh:{${organizationId}}:sessions:user:${userId}`,
  /** Set: the sessions that an identity provider names by one digest, of a subject or of its own session. */
  sessionsTagged: (organizationId: string, tag: string) => `gh:{${organizationId}}:sessions:tag:${tag}`,
  /** Sorted set: all sessions by when they end unless they are used. */
  sessionEnds: (organizationId: string) => `gh:{${organizationId}}:sessions:ends`,
  /** Sorted set: all sessions by when the identity provider confirmed them last. */
  sessionChecks: (organizationId: string) => `gh:{${organizationId}}:sessions:checks`,
  /** String: when the allowance of one sender of API requests is whole again. Of no organization. */
  requestRate: (sender: string) => `gh:{rate}:${sender}`,
} as const
