/** What a data plane has under way, under a name that begins with the id of its process and a slash. */
export interface HeldIntents {
  readonly name: string
  readonly body: string
}

/** The data plane's end: what is under way is kept outside of it, so that it is known of when the data plane never comes back. */
export interface IntentStore {
  /**
   * Keeps some and forgets others, in one step, which also shows that the process is alive.
   *
   * @returns how many of the process it holds now, so that a loss is noticed
   */
  update(process: string, kept: readonly HeldIntents[], forgotten: readonly string[]): Promise<number>
}

/** The control plane's end. */
export interface IntentReader {
  /** For each process of a data plane that something is kept of, a count that grows while it is alive. */
  beats(organizationId: string, dataPlaneId: string): Promise<ReadonlyMap<string, string>>
  read(organizationId: string, dataPlaneId: string, process: string): Promise<readonly HeldIntents[]>
  /** Forgets all of a process that is no more. */
  forget(organizationId: string, dataPlaneId: string, process: string): Promise<void>
}
