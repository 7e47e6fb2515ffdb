import type { Configuration } from '../../plugins/sdk/builtin.ts'
import { ConfigurationCompiler } from './compile.ts'
import type { Replica } from './replica.ts'

/** Sets up what must fit a configuration; throws ConfigurationRefused when something does not. */
export type Accept = (configuration: Configuration) => void

/** The configuration that new calls start with. Replaced by one assignment; a call keeps the one it has. */
export class RunningConfiguration {
  readonly #compiler = new ConfigurationCompiler()
  readonly #organizationId: string
  readonly #accept: Accept
  #configuration: Configuration | undefined
  #replica: Replica | undefined

  constructor(organizationId: string, accept: Accept) {
    this.#organizationId = organizationId
    this.#accept = accept
  }

  get configuration(): Configuration | undefined {
    return this.#configuration
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
  }

  /** The same configuration with another kill list. */
  revoke(revoked: ReadonlySet<string>): void {
    if (this.#replica) this.#configuration = this.#compile(this.#replica, revoked)
  }

  #compile(replica: Replica, revoked: ReadonlySet<string>): Configuration {
    const { epoch, revision, hash, index } = replica
    return this.#compiler.compile(index, {
      organizationId: this.#organizationId,
      epoch,
      revision,
      hash,
      revoked,
    })
  }
}
