import type { Head } from '../../contract/configuration/documents.ts'
import type { ConfigurationLog } from './log.ts'

/** More than this is told. */
const toleratedMs = 2_000
/** A head may come late for other reasons than a clock: of so many, the one that was fastest counts. */
const consideredHeads = 5

/**
 * How far this machine's clock is ahead of the control plane's, as the heads tell that were renewed while this data plane
 * looked. The first one says nothing: it may have lain in the store for any time.
 */
export class ClockSkew {
  readonly #now: () => number
  readonly #log: ConfigurationLog
  readonly #latenessesMs: number[] = []
  #newest: number | undefined
  #isTold = false

  constructor(now: () => number, log: ConfigurationLog) {
    this.#now = now
    this.#log = log
  }

  /** Negative when this clock is behind; null until enough heads were renewed to tell it from a slow delivery. */
  get skewMs(): number | null {
    return this.#latenessesMs.length < consideredHeads ? null : Math.min(...this.#latenessesMs)
  }

  /** An authentic head has come that leads not backwards. */
  saw({ issuedAt }: Head): void {
    const newest = this.#newest
    if (newest !== undefined && issuedAt <= newest) return
    this.#newest = issuedAt
    if (newest === undefined) return
    this.#latenessesMs.push(this.#now() - issuedAt)
    if (this.#latenessesMs.length > consideredHeads) this.#latenessesMs.shift()
    this.#tell()
  }

  #tell(): void {
    const { skewMs } = this
    if (skewMs === null) return
    const isSkewed = Math.abs(skewMs) > toleratedMs
    if (isSkewed === this.#isTold) return
    this.#isTold = isSkewed
    if (isSkewed) {
      const reading = `this clock is ${skewMs > 0 ? 'ahead of' : 'behind'} the control plane's`
      this.#log.warn(
        { skewMs },
        `${reading}: limits on the age of the configuration and expiries are off by that`,
      )
    } else this.#log.info({ skewMs }, 'this clock agrees with the control plane’s again')
  }
}
