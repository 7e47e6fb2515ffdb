import { compareVersions, type Head } from '../../contract/configuration/documents.ts'
import type { Configuration } from '../../plugins/sdk/builtin.ts'
import type { ConfigChannel } from '../../transport/config-channel.ts'
import { within } from '../deadline.ts'
import { ApplyState } from './apply-state.ts'
import { boundedChannel } from './bounded-channel.ts'
import { ChannelOutage } from './channel-outage.ts'
import type { Secrets } from './credentials.ts'
import { ConfigurationDisk } from './disk.ts'
import { Freshness } from './freshness.ts'
import { HeadWatch } from './head-watch.ts'
import { type Identity, withRetiredKeys } from './identity.ts'
import type { ConfigurationLog } from './log.ts'
import { reachHead } from './reach.ts'
import { ConfigurationRefused } from './refusal.ts'
import { everything } from './relations.ts'
import type { Replica } from './replica.ts'
import { Retry } from './retry.ts'
import { type Accept, RunningConfiguration } from './running.ts'
import { SavedConfiguration } from './saved-configuration.ts'
import { SealedSecrets } from './sealed-secrets.ts'
import { SeenHeads } from './seen-heads.ts'
import { openTrusted, readHead } from './verify.ts'

export interface FollowerOptions {
  readonly channel: ConfigChannel
  readonly identity: Identity
  readonly stateDirectory: string
  readonly accept: Accept
  readonly log: ConfigurationLog
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds since some moment, on a clock that nobody sets; absent: the process's own. */
  readonly elapsed?: () => number
}

const pollMs = 1_000
const pollJitter = 0.2
/** A head that moved while its documents were read is followed at once, but not for ever. */
const mostRoundsAtOnce = 5
const closeLimitMs = 5_000

/**
 * Follows the organization's configuration: looks at the head on every hint, on every (re)connection and about once
 * a second, and brings what runs to what it says. What cannot be verified or does not fit is refused with its
 * reason, and the last good configuration goes on serving; it is on disk too, for a start without the channel.
 */
export class ConfigurationFollower {
  readonly state: ApplyState
  readonly freshness: Freshness
  readonly #channel: ConfigChannel
  readonly #identity: Identity
  readonly #disk: ConfigurationDisk
  readonly #log: ConfigurationLog
  readonly #heads: HeadWatch
  readonly #seen: SeenHeads
  readonly #running: RunningConfiguration
  readonly #sealed: SealedSecrets
  readonly #saved: SavedConfiguration
  readonly #retry: Retry
  readonly #outage: ChannelOutage
  #timer: NodeJS.Timeout | undefined
  #subscription: Promise<() => Promise<void>> | undefined
  #refreshing: Promise<void> | undefined
  #hinted = false
  #closed = false

  constructor(options: FollowerOptions) {
    const { channel, identity, stateDirectory, accept, log, now } = options
    this.state = new ApplyState(now)
    this.freshness = new Freshness({ now, elapsed: options.elapsed ?? (() => performance.now()) }, log)
    this.#channel = boundedChannel(channel)
    this.#identity = identity
    this.#disk = new ConfigurationDisk(stateDirectory)
    this.#log = log
    this.#running = new RunningConfiguration(identity, accept)
    this.#heads = new HeadWatch(identity, () => this.#running.revoke(this.#heads.revokedKeys.ids()))
    this.#seen = new SeenHeads(this.#disk, log)
    this.#sealed = new SealedSecrets(identity, this.#disk, log)
    this.#saved = new SavedConfiguration(this.#disk, log)
    this.#retry = new Retry(now)
    this.#outage = new ChannelOutage(log)
  }

  /** What a new call starts with; undefined until there is a configuration and the secrets to serve it. */
  get configuration(): Configuration | undefined {
    return this.secrets.available ? this.#running.configuration : undefined
  }

  /** Why there is none although one was applied. */
  get revocation(): string | null {
    return this.#running.revocation
  }

  get secrets(): Secrets {
    return this.#sealed.secrets
  }

  /** The newest authentic head, applied or not; undefined before the first. */
  get newestHead(): Head | undefined {
    return this.#heads.newest
  }

  /** How old what runs may be before every call is refused; null: any age. */
  get stalenessLimitMs(): number | null {
    return this.configuration?.maxStalenessMs ?? null
  }

  /** How many data planes the organization has, this one included. */
  get dataPlaneCount(): number {
    return Math.max(1, this.#running.replica?.index.partsOf('data_plane', everything).length ?? 1)
  }

  /** Restores the last good configuration from disk; an enrolment just now brings the sealed credentials with it. */
  async restore(sealedCredentials?: string): Promise<void> {
    const own = withRetiredKeys(this.#identity)
    await this.#disk.prepare()
    await this.#sealed.load()
    if (sealedCredentials !== undefined) await this.#sealed.receive(sealedCredentials)
    for (const generation of await this.#disk.generations()) {
      try {
        const envelope = await generation.readHead()
        const head = readHead(openTrusted('gatehouse/config-head', envelope, own), own)
        const { replica } = await reachHead(head, generation, this.#identity, undefined)
        this.freshness.saw(this.#heads.look(envelope, own).head)
        this.#running.swap(this.#running.prepare(replica, this.#heads.revokedKeys.ids()), replica)
        this.#appliedHead(head)
        break
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        this.#log.error({ generation: generation.name, reason }, 'a saved configuration cannot be used')
      }
    }
    await this.#seen.restore((envelope) => this.#sawBefore(this.#heads.look(envelope, own).head))
  }

  /** Follows the channel from now on. Resolves at once when there is a configuration from disk, else after the first look. */
  async start(): Promise<void> {
    const firstLook = this.refresh().then(() => this.#schedule())
    if (!this.configuration) await firstLook
  }

  /** Looks at the head now. Calls that come meanwhile lead to one more look, not to one each. */
  refresh(): Promise<void> {
    if (this.#refreshing) {
      this.#hinted = true
      return this.#refreshing
    }
    this.#refreshing = this.#refreshUntilQuiet().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    const unsubscribed = this.#subscription?.then((unsubscribe) => unsubscribe())
    const ends = Promise.allSettled([unsubscribed, this.#refreshing])
    await within(closeLimitMs, 'the end of following the configuration', ends)
  }

  async #refreshUntilQuiet(): Promise<void> {
    do {
      this.#hinted = false
      try {
        this.#subscribeOnce()
        await this.#followHead()
        this.#outage.ended()
      } catch (error) {
        this.state.awaiting(this.#outage.note(error))
      }
      this.#noteAge()
    } while (this.#hinted && !this.#closed)
  }

  async #followHead(): Promise<void> {
    for (let round = 0; round < mostRoundsAtOnce; round += 1) {
      const envelope = await this.#channel.readHead()
      if (envelope === null) {
        this.state.awaiting('no configuration was published for this organization yet')
        return
      }
      try {
        await this.#followEnvelope(envelope)
        return
      } catch (error) {
        if (!(error instanceof ConfigurationRefused)) throw error
        // The documents may have been of a later head than the one read before them.
        if (round + 1 < mostRoundsAtOnce && (await this.#headMovedOn(envelope))) continue
        this.#refuse(error.message)
        return
      }
    }
  }

  async #followEnvelope(envelope: string): Promise<void> {
    const { head, news } = this.#heads.look(envelope)
    this.freshness.saw(head)
    if (news || this.#seen.isDue(head)) await this.#seen.save(envelope, head, this.#heads.revokedKeys.ids())
    await this.#sealed.refresh(this.#channel, head, this.#running.replica?.index)
    const { replica } = this.#running
    if (replica && replica.epoch === head.epoch && replica.revision === head.revision) {
      if (this.#saved.problem !== null) await this.#saved.save({ head, envelope, replica, deltas: undefined })
      this.#appliedHead(head)
      return
    }
    this.#retry.assertDue(head)
    try {
      await this.#apply(head, envelope)
    } catch (error) {
      if (error instanceof ConfigurationRefused) this.#retry.refused(head, error)
      throw error
    }
  }

  async #apply(head: Head, envelope: string): Promise<void> {
    const reached = await reachHead(head, this.#channel, this.#identity, this.#running.replica)
    let configuration: Configuration
    try {
      configuration = this.#running.prepare(reached.replica, this.#heads.revokedKeys.ids())
      this.freshness.assertOffer(head, configuration.maxStalenessMs)
    } catch (error) {
      reached.abandon()
      throw error
    }
    await this.#saved.save({ head, envelope, replica: reached.replica, deltas: reached.deltas })
    this.#running.swap(configuration, reached.replica)
    this.#appliedHead(head)
    const { epoch, revision, hash } = head
    this.#log.info({ epoch, revision, hash, ...this.#running.unread }, 'applied a configuration')
  }

  #appliedHead(head: Head): void {
    const { replica } = this.#running
    if (!replica) return
    this.freshness.confirm(head)
    const { revokedKeys } = this.#heads
    if (revokedKeys.applied(head, head.revoked)) this.#running.revoke(revokedKeys.ids())
    this.#sealed.check(replica.index)
    this.#tellApplied(replica)
  }

  #tellApplied(replica: Replica): void {
    const stale = this.freshness.note(this.stalenessLimitMs)
    const problem = this.revocation ?? this.#sealed.problem ?? this.#saved.problem ?? stale
    this.state.applied(replica, problem, this.#running.unread)
  }

  /** What runs grows old also when nothing comes any more, or nothing that can be used. */
  #noteAge(): void {
    const { replica } = this.#running
    if (replica && this.state.current.status === 'applied') this.#tellApplied(replica)
    else this.freshness.note(this.stalenessLimitMs)
  }

  #refuse(reason: string): void {
    if (this.state.current.lastError !== reason) this.#log.error({ reason }, 'a configuration was refused')
    this.state.refused(reason, this.#heads.offered)
  }

  async #headMovedOn(envelope: string): Promise<boolean> {
    const latest = await this.#channel.readHead()
    return latest !== null && latest !== envelope
  }

  /** A head that was seen before the restart. */
  #sawBefore(head: Head): Head {
    this.freshness.saw(head)
    const { replica } = this.#running
    if (replica && compareVersions(head, replica) === 0) this.#appliedHead(head)
    return head
  }

  /** Not waited for: without hints the timer still leads to every head. Tried again with each look. */
  #subscribeOnce(): void {
    if (this.#subscription || this.#closed) return
    const onHint = () => {
      if (!this.#closed) this.refresh()
    }
    const subscription = this.#channel.subscribe(onHint)
    this.#subscription = subscription
    subscription.catch((error: unknown) => {
      this.#subscription = undefined
      this.state.awaiting(this.#outage.note(error))
    })
  }

  #schedule(): void {
    if (this.#closed) return
    const delayMs = pollMs * (1 + pollJitter * (2 * Math.random() - 1))
    this.#timer = setTimeout(() => this.refresh().then(() => this.#schedule()), delayMs)
  }
}
