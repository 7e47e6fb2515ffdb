import { Denied } from 'gatehouse/plugin-sdk'
import type {
  BudgetNode,
  Budgets,
  BuiltinCall,
  BuiltinHost,
  Hold,
  LimitHold,
  LimitNode,
  LimitReached,
  LimitStanding,
  Shortfall,
} from 'gatehouse/plugin-sdk/builtin'

type Eventually<T> = T | Promise<T>

export interface FakeHostOptions {
  readonly now?: number
  /** No token is good unless said. */
  readonly verify?: BuiltinHost['tokens']['verify']
  readonly random?: () => number
  readonly staleness?: BuiltinHost['staleness']
  readonly credentials?: Readonly<Record<string, string>>
  readonly reserve?: (budgets: readonly BudgetNode[], nanoUsd: number) => Eventually<Hold | Shortfall>
  readonly take?: (limits: readonly LimitNode[], tokens: number) => Eventually<LimitReached | undefined>
  readonly enter?: BuiltinHost['concurrency']['enter']
  /** By the id of the limit; where it says nothing, all of it is left. */
  readonly standing?: Readonly<Record<string, Partial<LimitStanding>>>
  readonly budgets?: Budgets['standing']
  readonly prepareUpstream?: BuiltinHost['prepareUpstream']
}

/** A host that grants everything and remembers what it was asked, unless told otherwise. */
export function fakeHost(options: FakeHostOptions = {}) {
  const record = {
    reserved: [] as { budgets: readonly string[]; nanoUsd: number }[],
    settled: [] as { hold: Hold; nanoUsd: number }[],
    taken: [] as (readonly string[])[],
    /** Places that were taken and not released. */
    places: [] as string[],
    tokens: [] as { reserved: number; settled?: number; released?: true }[],
    journal: [] as { entry: 'intend' | 'finish'; call: BuiltinCall; charges?: readonly unknown[] }[],
    warnings: [] as object[],
  }
  const host: BuiltinHost = {
    log: {
      info: () => undefined,
      warn: (fields) => void record.warnings.push(fields),
      error: (fields) => void record.warnings.push(fields),
    },
    now: () => options.now ?? 0,
    digest: (secret) => `digest-of-${secret}`,
    tokens: { verify: options.verify ?? refuseToken, known: () => undefined },
    staleness: options.staleness ?? (() => undefined),
    credential: (id) => (options.credentials ?? { 'secret-of-acme': 'provider-secret-0123456789' })[id],
    random: options.random ?? (() => 0),
    prepareUpstream: options.prepareUpstream ?? (() => undefined),
    limits: {
      take(limits, tokens) {
        record.taken.push(limits.map(({ id }) => id))
        const entry: (typeof record.tokens)[number] = { reserved: tokens }
        const held: LimitHold = {
          settle: (used) => void Object.assign(entry, { settled: used }),
          release: () => void Object.assign(entry, { released: true }),
        }
        const hold = (reached: LimitReached | undefined) => {
          if (reached) return reached
          record.tokens.push(entry)
          return held
        }
        const reached = options.take?.(limits, tokens)
        return reached instanceof Promise ? reached.then(hold) : hold(reached)
      },
      standing: (limits) =>
        limits.map((limit) => ({ limit, remaining: limit.max, resetMs: 0, ...options.standing?.[limit.id] })),
    },
    concurrency: {
      enter(limit) {
        if (options.enter) return options.enter(limit)
        record.places.push(limit.id)
        return { release: () => void record.places.splice(record.places.indexOf(limit.id), 1) }
      },
    },
    ledger: {
      reserve(budgets, nanoUsd) {
        record.reserved.push({ budgets: budgets.map(({ id }) => id), nanoUsd })
        return options.reserve?.(budgets, nanoUsd) ?? hold(nanoUsd)
      },
      settle(held, nanoUsd) {
        record.settled.push({ hold: held, nanoUsd })
        return held.charges.map(({ leaseId }) => ({ leaseId, nanoUsd }))
      },
    },
    budgets: {
      standing: (budgets) => options.budgets?.(budgets) ?? budgets.map((budget) => ({ budget, facts: null })),
    },
    journal: {
      intend: (call) => void record.journal.push({ entry: 'intend', call }),
      finish: (call, _outcome, charges) => void record.journal.push({ entry: 'finish', call, charges }),
    },
  }
  return { host, record }
}

function refuseToken(): never {
  throw new Denied('authentication_required')
}

export function hold(nanoUsd: number): Hold {
  return { nanoUsd, charges: [{ leaseId: 'lease_test', budgetId: 'bud_test' }] }
}
