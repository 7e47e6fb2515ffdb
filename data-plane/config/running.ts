import type { Configuration } from '../../plugins/sdk/builtin.ts'
import { ConfigurationCompiler } from './compile.ts'
import type { Replica } from './replica.ts'
import { nothingUnread, type UnreadSummary } from './unread.ts'

/** Sets up what must fit a configuration; throws ConfigurationRefused when something does not. */
export type Accept = (configuration: Configuration) => void

const notNamed =
  'The configuration does not name this data plane: it was revoked, or its enrolment is not published yet'

/** Whose configuration it is, and who runs it. */
export interface Member {
  readonly organizationId: string
  readonly dataPlaneId: string
}

/** The configuration that new calls start with. Replaced by one assignment; a call keeps the one it has. */
export class RunningConfiguration {
  readonly #compiler = new ConfigurationCompiler()
  readonly #member: Member
  readonly #accept: Accept
  #configuration: Configuration | undefined
  #isRevoked = false
  #replica: Replica | undefined
  #unread: UnreadSummary = nothingUnread

  constructor(member: Member, accept: Accept) {
    this.#member = member
    this.#accept = accept
  }

  /** None for a data plane that its own configuration does not name: it was revoked, and what it reports is refused. */
  get configuration(): Configuration | undefined {
    return this.#isRevoked ? undefined : this.#configuration
  }

  /** Why nothing runs although a configuration was applied; safe to show to callers. */
  get revocation(): string | null {
    return this.#isRevoked ? notNamed : null
  }

  /** What this release does not make of the replica. */
  get unread(): UnreadSummary {
    return this.#unread
  }

  get replica(): Replica | undefined {
    return this.#replica
  }

  /** @throws ConfigurationRefused when the replica cannot run here. */
  prepare(replica: Replica, revoked: ReadonlySet<string>): Configuration {
    const configuration = this.#compile(replica, revoked)
    this.#accept(configuration)
    return configuration
  }

  swap(configuration: Configuration, replica: Replica): void {
    this.#configuration = configuration
    this.#replica = replica
    this.#unread = replica.index.unread.summary()
    this.#isRevoked = replica.index.get('data_plane', this.#member.dataPlaneId) === undefined
  }

  /** The same configuration with another kill list. */
  revoke(revoked: ReadonlySet<string>): void {
    if (this.#replica) this.#configuration = this.#compile(this.#replica, revoked)
  }

  #compile(replica: Replica, revoked: ReadonlySet<string>): Configuration {
    const { epoch, revision, hash, index } = replica
    return this.#compiler.compile(index, {
      organizationId: this.#member.organizationId,
      epoch,
      revision,
      hash,
      revoked,
    })
  }
}
