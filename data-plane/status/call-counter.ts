import { type CallOutcome, callOutcomes } from '../../contract/events.ts'
import type { Journal } from '../../plugins/sdk/builtin.ts'

/** Counts how calls ended. Every call that is recorded passes here, refused ones included. */
export class CallCounter {
  readonly #ended = new Map<CallOutcome, number>(callOutcomes.map((outcome) => [outcome, 0]))
  #total = 0

  get total(): number {
    return this.#total
  }

  ended(outcome: CallOutcome): number {
    return this.#ended.get(outcome) ?? 0
  }

  /** The same journal, with each end counted. */
  watch(journal: Journal): Journal {
    return {
      intend: (call) => journal.intend(call),
      finish: (call, outcome, charges) => {
        this.#total += 1
        this.#ended.set(outcome.outcome, this.ended(outcome.outcome) + 1)
        journal.finish(call, outcome, charges)
      },
    }
  }
}
