import type { Configuration } from '../../plugins/sdk/builtin.ts'
import type { AskControlPlane } from './ask-control-plane.ts'
import { ConfigurationFollower, type FollowerOptions } from './follow.ts'
import { standingOf } from './report.ts'
import { TwoWayChannel, type TwoWayOptions } from './two-way-channel.ts'

export interface BothWaysOptions extends FollowerOptions, Pick<TwoWayOptions, 'elapsedMs' | 'pauseMs'> {
  readonly ask: AskControlPlane
  /** The release that this data plane runs. */
  readonly version: string
}

/** Of a reason; a poll has to stay short. */
const longestReason = 2_000

const revoked = 'The control plane has revoked this data plane'

/** Follows the configuration out of the store, and from the control plane itself while the store is silent. */
export class BothWaysFollower extends ConfigurationFollower {
  readonly #channel: TwoWayChannel
  readonly #stopTelling: () => void
  #isRevoked = false

  constructor(options: BothWaysOptions) {
    const { channel: store, identity: trust, version, now, ...rest } = options
    const standing = () => {
      const { error, ...rest } = standingOf(this.state, version, now())
      return { ...rest, error: error?.slice(0, longestReason) ?? null }
    }
    const channel = new TwoWayChannel({
      ...rest,
      store,
      trust,
      standing,
      onRevoked: () => this.#endService(),
    })
    super({ ...rest, channel, identity: trust, now })
    this.#channel = channel
    this.#stopTelling = this.state.onChange(() => channel.standingChanged())
  }

  override get configuration(): Configuration | undefined {
    return this.#isRevoked ? undefined : super.configuration
  }

  override get revocation(): string | null {
    return this.#isRevoked ? revoked : super.revocation
  }

  #endService(): void {
    this.#isRevoked = true
    this.state.refused(revoked, undefined)
  }

  override async close(): Promise<void> {
    this.#stopTelling()
    this.#channel.close()
    await super.close()
  }
}
