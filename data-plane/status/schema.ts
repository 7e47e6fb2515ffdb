import type { IResolvers } from 'mercurius'
import { memoryProblem } from '../../transport/store-memory.ts'
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
    },
  }
}
