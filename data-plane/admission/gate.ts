import type { Priority } from '../../plugins/sdk/builtin.ts'
import { type Load, nextLimit, waitLimitMs } from './limit.ts'
import { hasRoom, reach } from './room.ts'

/** Whose call it is. */
export interface Caller {
  readonly tenant: string
  readonly priority: Priority
}

/** A tenant's calls with keys of one priority. */
interface Account {
  readonly name: string
  inProgress: number
}

/** A call's place, to be given back when it is over. Without an account it was let in before that mattered. */
export interface Place {
  readonly account: Account | undefined
}

/** A pause, such as that of a large configuration being compiled, makes one look late; a queue that stands makes all. */
const lateLooksBeforeCut = 2
/** From this part of the limit on it matters whose a call is. */
const crowdedFrom = 0.5
const anonymous: Place = { account: undefined }

/**
 * Lets calls in as long as they can be served. Under pressure it refuses what is too much as early as can be: keys of low
 * priority first, and of each priority the tenants that want more than their share. Without pressure it counts, no more.
 */
export class AdmissionGate {
  readonly #maxInProgress: number
  readonly #widestLimit: number
  readonly #accounts = new Map<string, Account>()
  readonly #refused: Record<Priority, number> = { high: 0, normal: 0, low: 0 }
  #inProgress = 0
  #lateLooks = 0
  #limit: number

  /** @param maxInProgress calls under way, however idle they are: each takes memory and connections */
  constructor(maxInProgress: number) {
    this.#maxInProgress = maxInProgress
    this.#widestLimit = maxInProgress / reach.high
    this.#limit = this.#widestLimit
  }

  get inProgress(): number {
    return this.#inProgress
  }

  /** How many calls may be under way now. */
  get limit(): number {
    return Math.floor(this.#limit)
  }

  /** Calls that were refused, since the start. */
  get refused(): Readonly<Record<Priority, number>> {
    return this.#refused
  }

  /** A place for a call, or undefined when there is none. @param callerOf asked only where it matters whose it is */
  enter(callerOf: () => Caller): Place | undefined {
    if (this.#inProgress < this.#limit * crowdedFrom) {
      this.#inProgress++
      return anonymous
    }
    const { tenant, priority } = callerOf()
    const account = this.#accountOf(`${priority} ${tenant}`)
    const occupancy = {
      limit: this.#limit,
      inProgress: this.#inProgress,
      ofTenant: account.inProgress,
    }
    if (this.#inProgress >= this.#maxInProgress || !hasRoom(priority, occupancy)) {
      this.#refused[priority]++
      this.#forgetUnused(account)
      return undefined
    }
    this.#inProgress++
    account.inProgress++
    return { account }
  }

  leave({ account }: Place): void {
    this.#inProgress--
    if (!account) return
    account.inProgress--
    this.#forgetUnused(account)
  }

  /** Takes note of how it went since the last look. */
  look(load: Omit<Load, 'inProgress'>): void {
    const isLate = load.waitMs > waitLimitMs
    this.#lateLooks = isLate ? this.#lateLooks + 1 : 0
    if (isLate && this.#lateLooks < lateLooksBeforeCut) return
    const next = nextLimit(this.#limit, { ...load, inProgress: this.#inProgress })
    this.#limit = Math.min(next, this.#widestLimit)
  }

  #accountOf(name: string): Account {
    const known = this.#accounts.get(name)
    if (known) return known
    const account = { name, inProgress: 0 }
    this.#accounts.set(name, account)
    return account
  }

  #forgetUnused({ name, inProgress }: Account): void {
    if (inProgress === 0) this.#accounts.delete(name)
  }
}
