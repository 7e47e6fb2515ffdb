import type { Head } from '../../contract/configuration/documents.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import { ClockSkew } from './clock-skew.ts'
import type { ConfigurationLog } from './log.ts'
import { StaleOffer } from './refusal.ts'
import { nameVersion } from './verify.ts'

export interface Clocks {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds since some moment; set back by nobody. */
  readonly elapsed: () => number
}

interface Stamp extends Pick<Head, 'epoch' | 'revision' | 'issuedAt'> {
  /** On the clock that nobody sets. */
  readonly arrivedAt: number
}

/** A head comes every three seconds: whoever tries again sooner finds nothing new. */
const retryAfterSeconds = 5

const stale = 'the configuration is older than "maxStalenessSeconds" allows, so that calls are refused'

/**
 * How old the configuration is that runs: when the control plane last signed that it is the newest. A replayed head makes
 * it no fresher, and neither does a later one whose documents are withheld.
 *
 * The age is the distance between that signature's time and the clock of this machine, in whichever direction, and never
 * less than the time that has passed here since the head came. A clock that is set back after that prolongs nothing; one
 * that is wrong by more than a limit cannot tell whether the limit is kept, so that calls are refused.
 */
export class Freshness {
  readonly #clocks: Clocks
  readonly #log: ConfigurationLog
  readonly #skew: ClockSkew
  #isStale = false
  #seen: Stamp | undefined
  #confirmed: Stamp | undefined

  constructor(clocks: Clocks, log: ConfigurationLog) {
    this.#clocks = clocks
    this.#log = log
    this.#skew = new ClockSkew(clocks.now, log)
  }

  /** An authentic head has come that leads not backwards. */
  saw(head: Head): void {
    this.#skew.saw(head)
    if (!this.#seen || isLaterVersion(head, this.#seen) || head.issuedAt > this.#seen.issuedAt) {
      this.#seen = this.#stampOf(head)
    }
  }

  /** What runs is what this head names. */
  confirm(head: Head): void {
    const known = this.#confirmed
    if (known && !isLaterVersion(head, known) && head.issuedAt <= known.issuedAt) return
    this.#confirmed = this.#seen && isSameHead(head, this.#seen) ? this.#seen : this.#stampOf(head)
  }

  /** Of the configuration that runs; null before the first. */
  get ageMs(): number | null {
    return this.#confirmed ? this.#ageOf(this.#confirmed) : null
  }

  /** How far this clock is ahead of the control plane's; null while that cannot be told. */
  get clockSkewMs(): number | null {
    return this.#skew.skewMs
  }

  /** What there is against calls that need a configuration no older than this. */
  objection(limitMs: number): Denied | undefined {
    const stamp = this.#confirmed
    if (stamp && this.#ageOf(stamp) <= limitMs) return undefined
    return new Denied('config_unavailable', this.#describe(stamp, limitMs), { retryAfterSeconds })
  }

  /** What is wrong with what runs under this limit, in words that do not change; the log is told of the change. */
  note(limitMs: number | null): string | null {
    const isStale = limitMs !== null && this.objection(limitMs) !== undefined
    if (isStale !== this.#isStale) {
      if (isStale) this.#log.error({ ageMs: this.ageMs }, stale)
      else this.#log.info({ ageMs: this.ageMs }, 'the configuration is fresh again')
    }
    this.#isStale = isStale
    return isStale ? stale : null
  }

  /**
   * A replay of yesterday is not taken up, even where nothing later was seen.
   *
   * @throws StaleOffer when the head just seen is too old for the configuration that it offers.
   */
  assertOffer(head: Head, limitMs: number | null): void {
    if (limitMs === null || !this.#seen || this.#ageOf(this.#seen) <= limitMs) return
    throw new StaleOffer(`${nameVersion(head)} was refused: ${this.#describe(this.#seen, limitMs)}`)
  }

  #stampOf({ epoch, revision, issuedAt }: Head): Stamp {
    return { epoch, revision, issuedAt, arrivedAt: this.#clocks.elapsed() }
  }

  #ageOf({ issuedAt, arrivedAt }: Stamp): number {
    return Math.max(Math.abs(this.#clocks.now() - issuedAt), this.#clocks.elapsed() - arrivedAt)
  }

  #describe(stamp: Stamp | undefined, limitMs: number): string {
    const limit = `at most ${secondsOf(limitMs)} are allowed`
    if (!stamp) return `This data plane does not know how old its configuration is; ${limit}`
    const aheadMs = stamp.issuedAt - this.#clocks.now()
    if (aheadMs > limitMs) {
      return `The configuration was signed ${secondsOf(aheadMs)} in the future, so its age is not known; ${limit}. The clock of this data plane, or of the control plane, is wrong`
    }
    return `The configuration is stale: it was last confirmed ${secondsOf(this.#ageOf(stamp))} ago, ${limit}. It is served again once this data plane hears from its control plane: see that the control plane runs, that the store between them answers, and that their clocks agree`
  }
}

function isLaterVersion(head: Head, than: Stamp): boolean {
  return head.epoch !== than.epoch || head.revision !== than.revision
}

function isSameHead(head: Head, stamp: Stamp): boolean {
  return !isLaterVersion(head, stamp) && head.issuedAt === stamp.issuedAt
}

function secondsOf(ms: number): string {
  return `${Math.ceil(ms / 1000)} seconds`
}
