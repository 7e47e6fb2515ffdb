/** How many requests one organization may have waiting; older ones go first, their data planes have asked again. */
export const leaseRequestsLimit = 4096

/** The data plane's end of lease requests: signed texts out, signed texts in, matched by the caller. */
export interface LeaseClient {
  send(request: string): Promise<void>
  /** Calls `onReply` with each reply to this data plane; a reply may be lost or doubled. */
  subscribe(onReply: (reply: string) => void): Promise<() => Promise<void>>
}

export interface LeaseRequestEntry {
  readonly id: string
  readonly organizationId: string
  readonly body: string
}

/** The control plane's end: each request goes to one of the consumers. */
export interface LeaseServer {
  read(organizationIds: readonly string[], waitMs: number): Promise<readonly LeaseRequestEntry[]>
  reply(entry: LeaseRequestEntry, dataPlaneId: string, reply: string): Promise<void>
  /** Gives up a request that cannot be answered, such as one with a foreign signature. */
  discard(entry: LeaseRequestEntry): Promise<void>
}
