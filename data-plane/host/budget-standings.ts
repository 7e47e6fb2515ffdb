import type { LeaseGrant } from '../../contract/leases.ts'
import type { BudgetNode, BudgetStanding, Budgets } from '../../plugins/sdk/builtin.ts'
import type { Ask } from './lease-desk.ts'

export interface BudgetStandingsOptions {
  readonly ask: (ask: Ask) => void
  readonly now: () => number
}

type Facts = Pick<LeaseGrant, 'limitNanoUsd' | 'settledNanoUsd' | 'windowEndsAt'> & { readonly at: number }

interface Question {
  readonly budgets: readonly BudgetNode[]
  readonly since: number
  answer(): void
}

/** What the control plane said so lately is not asked again. */
const freshMs = 1_000
const answerLimitMs = 2_000
const maxKnown = 10_000
const maxQuestions = 1_000

/**
 * How budgets stand, for callers who want to know. Every grant of a lease says it; of a budget that nothing was granted
 * of lately, the control plane is asked for a lease of nothing, once a second at most.
 */
export class BudgetStandings implements Budgets {
  readonly #options: BudgetStandingsOptions
  /** The oldest knowledge first. */
  readonly #known = new Map<string, Facts>()
  readonly #askedAt = new Map<string, number>()
  readonly #questions = new Set<Question>()

  constructor(options: BudgetStandingsOptions) {
    this.#options = options
  }

  standing(budgets: readonly BudgetNode[]): readonly BudgetStanding[] | Promise<readonly BudgetStanding[]> {
    const since = this.#options.now()
    const unknown = budgets.filter(({ id }) => !this.#knows(id, since - freshMs))
    const isSilent = unknown.some(({ id }) => since - (this.#askedAt.get(id) ?? since) >= answerLimitMs)
    for (const { id } of unknown) this.#ask(id, since)
    if (unknown.length === 0 || isSilent || this.#questions.size >= maxQuestions) {
      return this.#describe(budgets)
    }
    return new Promise((resolve) => {
      const question: Question = {
        budgets,
        since: since - freshMs,
        answer: () => {
          clearTimeout(timer)
          this.#questions.delete(question)
          resolve(this.#describe(budgets))
        },
      }
      const timer = setTimeout(question.answer, answerLimitMs)
      this.#questions.add(question)
    })
  }

  /** Takes up what the control plane said with its grants. */
  learn(grants: readonly LeaseGrant[]): void {
    const at = this.#options.now()
    for (const { budgetId, limitNanoUsd, settledNanoUsd, windowEndsAt } of grants) {
      this.#askedAt.delete(budgetId)
      this.#known.delete(budgetId)
      this.#known.set(budgetId, { limitNanoUsd, settledNanoUsd, windowEndsAt, at })
    }
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= maxKnown) break
      this.#known.delete(oldest)
    }
    for (const { budgets, since, answer } of this.#questions) {
      if (budgets.every(({ id }) => this.#knows(id, since))) answer()
    }
  }

  /** Says to whoever asks what is known now. */
  close(): void {
    for (const { answer } of this.#questions) answer()
  }

  #ask(budgetId: string, now: number): void {
    if (this.#askedAt.has(budgetId)) return
    this.#askedAt.set(budgetId, now)
    this.#options.ask({ budgetId, wantedNanoUsd: 0, neededNanoUsd: 0 })
  }

  #knows(budgetId: string, since: number): boolean {
    const facts = this.#known.get(budgetId)
    return facts !== undefined && facts.at > since && this.#isCurrent(facts)
  }

  /** A window that is over says nothing about the next one. */
  #isCurrent({ windowEndsAt }: Facts): boolean {
    return windowEndsAt === null || this.#options.now() < windowEndsAt
  }

  #describe(budgets: readonly BudgetNode[]): readonly BudgetStanding[] {
    return budgets.map((budget) => {
      const facts = this.#known.get(budget.id)
      return { budget, facts: facts && this.#isCurrent(facts) ? facts : null }
    })
  }
}

/** Whether an ask only wants to know how a budget stands. */
export function isQuestion({ wantedNanoUsd }: Ask): boolean {
  return wantedNanoUsd === 0
}
