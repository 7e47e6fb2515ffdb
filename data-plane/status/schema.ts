import type { IResolvers } from 'mercurius'
import { memoryProblem } from '../../transport/store-memory.ts'
import { degradationNames, journalSecondsLeft, leaseSecondsLeft } from './degradations.ts'
import type { StatusSources } from './sources.ts'

/** The status API: what this data plane runs and how it fares. Nothing can be changed through it. */
export const schema = /* GraphQL */ `
  type Query {
    node: Node!
    "In the order in which a call passes them; those that do not run come last."
    plugins: [Plugin!]!
    "The providers that were asked since the start."
    providers: [Provider!]!
    counters: Counters!
    "What this data plane does without for now, what stops calls first; empty when all is well."
    degradations: [Degradation!]!
    journal: Journal!
    "The budgets of which this data plane holds leases, those that run out first at their head; 20 at most."
    leases: [BudgetLease!]!
    "To the Redis between the planes; empty when both planes share a process."
    connections: [Connection!]!
  }

  enum ApplyStatus {
    "The newest configuration runs."
    applied
    "The newest configuration was refused; the one before it runs."
    refused
    "No configuration was received yet."
    awaiting
  }

  type Node {
    id: ID!
    version: String!
    "RFC 3339."
    startedAt: String!
    epoch: Int
    revision: Int
    configHash: String
    applyStatus: ApplyStatus!
    "Why the newest configuration does not run, or what else needs an operator."
    lastError: String
    "What is skipped of the configuration because this release does not know it, and may: the configuration says so."
    ignored: [String!]!
    "What is not served of the configuration because this release cannot read it whole, each with the reason."
    heldBack: [String!]!
    transportConnected: Boolean!
    "What an operator has to do about the memory of the store between the planes; null when all is well."
    storeProblem: String
    "Age of the newest signed head, in milliseconds."
    headAgeMs: Float
    "How long ago the control plane last said that the configuration that runs is the newest, in milliseconds."
    configurationAgeMs: Float
    "At which age of the configuration every call is refused, in milliseconds; null: at none."
    stalenessLimitMs: Float
    "How far this machine's clock is ahead of the control plane's, in milliseconds; negative: behind; null: not known yet."
    clockSkewMs: Float
    "How many revisions the newest signed head is ahead of what is applied."
    revisionsBehind: Int
    "How often an offered configuration was refused, counted once for each reason."
    refusals: Int!
  }

  enum DegradationName {
    ${degradationNames.join('\n    ')}
  }

  type Degradation {
    what: DegradationName!
    "RFC 3339: when it was first noticed."
    since: String!
    reason: String!
    "How long it can go on, at the present rate, before calls that are served now are refused; null when nothing runs out."
    canGoOnForSeconds: Float
    whatToDo: String!
    "No call can be served meanwhile: /readyz answers 503."
    stopsService: Boolean!
  }

  "The record on disk of what the control plane has to know."
  type Journal {
    bytes: Float!
    "At nine tenths of it no further call is recorded."
    maxBytes: Float!
    "How fast it grows by what is recorded."
    bytesPerSecond: Float!
    "Until no further call is recorded when nothing is shipped; null when nothing is recorded."
    secondsLeft: Float
    "RFC 3339; null when the control plane has all."
    oldestUnshippedAt: String
    "The disk refused the last write."
    isFailing: Boolean!
    "For want of space no call is recorded."
    isFull: Boolean!
    "What cannot be recorded is served all the same and counted, but for calls with a budget; otherwise it is refused."
    servesUnrecorded: Boolean!
    "Calls that were served without a record, since the start."
    unrecordedCalls: Float!
    "Calls that were refused without a record, since the start."
    unrecordedRefusals: Float!
  }

  type BudgetLease {
    budgetId: ID!
    "What may be spent without asking the control plane. Nano-USD."
    freeNanoUsd: String!
    "What was spent lately. Nano-USD."
    nanoUsdPerSecond: Float!
    "How long it lasts at that rate; null when nothing is spent."
    secondsLeft: Float
    "By how much the calls of this data plane can overspend the budget: what those under way may cost beyond what is set aside for them, and what ended ones did and the control plane may not know yet. Always 0 of a strict budget. Nano-USD."
    overspendBoundNanoUsd: String!
    "Calls under way of which nobody can say how much they may cost, only how much such calls did; the bound does not hold them. Always 0 of a strict budget."
    unboundedCalls: Int!
  }

  type Connection {
    "What it is for: commands, subscriptions."
    role: String!
    "While it does not answer, what is asked over it fails at once."
    answers: Boolean!
  }

  type Plugin {
    name: String!
    version: String!
    enabled: Boolean!
    builtin: Boolean!
    "Position in the pipeline, from 1; 0 when it does not run."
    order: Int!
    calls: Float!
    denials: Float!
    errors: Float!
    p50Ms: Float
    p99Ms: Float
  }

  type Provider {
    name: String!
    requests: Float!
    errors: Float!
    inFlight: Int!
    lastError: String
  }

  "Since the start of the process."
  type Counters {
    requests: Float!
    denials: Float!
    upstreamErrors: Float!
    "Events that are recorded here and not yet with the control plane."
    eventBacklog: Int!
  }
`

const mostLeases = 20

export function resolversOf(sources: StatusSources): IResolvers {
  return {
    Query: {
      node: () => {
        const node = sources.node()
        const { startedAt, storeMemory } = node
        const storeProblem = storeMemory && memoryProblem(storeMemory)
        return { ...node, startedAt: new Date(startedAt).toISOString(), storeProblem }
      },
      plugins: () => sources.plugins(),
      providers: () => sources.providers(),
      counters: () => sources.counters(),
      degradations: () =>
        sources
          .degradations()
          .map(({ since, ...rest }) => ({ ...rest, since: new Date(since).toISOString() })),
      journal: () => journalOf(sources),
      leases: () => leasesOf(sources),
      connections: () => sources.connections(),
    },
  }
}

function journalOf(sources: StatusSources) {
  const journal = sources.journal()
  const { oldestUnshippedAt } = journal
  return {
    ...journal,
    secondsLeft: journalSecondsLeft(journal),
    oldestUnshippedAt: oldestUnshippedAt === null ? null : new Date(oldestUnshippedAt).toISOString(),
  }
}

function leasesOf(sources: StatusSources) {
  const { budgets } = sources.leases()
  return budgets
    .map((lease) => ({
      ...lease,
      freeNanoUsd: String(lease.freeNanoUsd),
      overspendBoundNanoUsd: String(lease.overspendBoundNanoUsd),
      secondsLeft: leaseSecondsLeft(lease),
    }))
    .toSorted((a, b) => (a.secondsLeft ?? Infinity) - (b.secondsLeft ?? Infinity))
    .slice(0, mostLeases)
}
