import { AdmissionGate, type Caller, type Place } from '../../../data-plane/admission/gate.ts'

const lookMs = 100
const stepsOfLook = 10

/** Calls that a tenant makes between two looks, with keys of one priority. */
export interface Offer extends Caller {
  readonly calls: number
}

interface Call {
  readonly place: Place
  /** In steps; what has to wait then ends it later. */
  readonly endsAt: number
}

/**
 * A data plane that can do so much work between two looks. Each call takes one unit of it, in equal parts over so many
 * looks, as a stream does; what cannot be done at once waits.
 */
export class CrowdedDataPlane {
  readonly maxInProgress = 20_000
  readonly gate = new AdmissionGate(this.maxInProgress)
  readonly #workOfStep: number
  readonly #stepsOfCall: number
  readonly #due = new Map<string, number>()
  #calls: Call[] = []
  #now = 0
  #backlog = 0
  /** Which share of what it can do it did since the last look. */
  busy = 0

  constructor(capacity: number, duration: number) {
    this.#workOfStep = capacity / stepsOfLook
    this.#stepsOfCall = duration * stepsOfLook
  }

  get waitMs(): number {
    return (this.#backlog / this.#workOfStep) * (lookMs / stepsOfLook)
  }

  /** Offers calls until the next look. @returns how many of each were tried, and came in */
  offer(offers: readonly Offer[]): { readonly tried: number; readonly came: number }[] {
    const counts = offers.map(() => ({ tried: 0, came: 0 }))
    this.busy = 0
    for (let step = 0; step < stepsOfLook; step += 1) {
      for (const [index, offer] of offers.entries()) {
        const count = counts[index]
        for (let call = this.#callsOf(offer); call > 0 && count; call -= 1) {
          count.tried += 1
          if (this.#admits(offer)) count.came += 1
        }
      }
      this.#work()
    }
    this.gate.look({ waitMs: this.waitMs, idle: 1 - this.busy })
    return counts
  }

  /** Whole calls of this step; the rest is due in a later one. */
  #callsOf({ tenant, priority, calls }: Offer): number {
    const name = `${tenant} ${priority}`
    const due = (this.#due.get(name) ?? 0) + calls / stepsOfLook
    this.#due.set(name, due % 1)
    return Math.floor(due)
  }

  #admits(caller: Caller): boolean {
    const place = this.gate.enter(() => caller)
    if (place) this.#calls.push({ place, endsAt: this.#now + this.#stepsOfCall })
    return place !== undefined
  }

  #work(): void {
    const asking = this.#calls.filter(({ endsAt }) => this.#now < endsAt).length
    this.#backlog += asking / this.#stepsOfCall
    const done = Math.min(this.#backlog, this.#workOfStep)
    this.#backlog -= done
    this.busy += done / this.#workOfStep / stepsOfLook
    this.#now += 1
    const wait = this.#backlog / this.#workOfStep
    this.#calls = this.#calls.filter(({ place, endsAt }) => {
      if (this.#now < endsAt + wait) return true
      this.gate.leave(place)
      return false
    })
  }
}
