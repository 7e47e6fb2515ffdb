import type { Degradation } from '../../telemetry/degradations.ts'
import type { EventBacklog } from '../../transport/event-stream.ts'
import type { StoreMemory } from '../../transport/store-memory.ts'

/** All that a control plane can do without, and what stops it. */
export const degradationNames = [
  'database_unreachable',
  'redis_unreachable',
  'publishing_lags',
  'ingest_lags',
  'redis_evicts',
  'redis_filling',
  'budget_drift',
] as const
export type DegradationName = (typeof degradationNames)[number]

/** What a control plane knows of itself and of what it stands on. */
export interface HealthFacts {
  readonly databaseAnswers: boolean
  readonly storeAnswers: boolean
  /** Undefined where it does not say, and where both planes share a process. */
  readonly memory: StoreMemory | undefined
  /** How long the oldest committed change waits for its publication, in milliseconds. */
  readonly publishLagMs: number
  /** What data planes reported and no control plane has taken in; null while it is not known. */
  readonly eventBacklog: EventBacklog | null
  /** By how much the books of budgets are apart; null while nobody has looked. */
  readonly budgetDriftNanoUsd: bigint | null
}

const publishLagLimitMs = 30_000
const ingestLagLimitMs = 60_000
const fillingShare = 0.9

type Found = Omit<Degradation<DegradationName>, 'canGoOnForSeconds' | 'stopsService'> & {
  stopsService?: true
}

/** Everything that is degraded now; what stops the API comes first. */
export function degradationsOf(facts: HealthFacts): readonly Degradation<DegradationName>[] {
  const found = [
    ...databaseOf(facts),
    ...redisOf(facts),
    ...lagsOf(facts),
    ...storeOf(facts),
    ...budgetsOf(facts),
  ]
  // Nothing that a control plane keeps for itself runs out: the data planes tell how long they can go on.
  return found.map((one) => ({ canGoOnForSeconds: null, stopsService: false, ...one }))
}

function databaseOf({ databaseAnswers }: HealthFacts): Found[] {
  if (databaseAnswers) return []
  return [
    {
      what: 'database_unreachable',
      reason:
        'PostgreSQL does not answer: nothing can be read or changed, and no lease is granted. Data planes serve what they have; what they record waits with them.',
      stopsService: true,
      whatToDo: 'Start PostgreSQL or mend the way to it; everything catches up by itself.',
    },
  ]
}

function redisOf({ storeAnswers }: HealthFacts): Found[] {
  if (storeAnswers) return []
  return [
    {
      what: 'redis_unreachable',
      reason:
        'Redis does not answer: the API works, but changes are not published there, leases are not granted, and events wait in the journals of the data planes.',
      whatToDo: 'Start Redis or mend the way to it; everything catches up by itself.',
    },
  ]
}

function lagsOf({ publishLagMs, eventBacklog }: HealthFacts): Found[] {
  const found: Found[] = []
  if (publishLagMs >= publishLagLimitMs) {
    found.push({
      what: 'publishing_lags',
      reason: `A committed change has waited ${seconds(publishLagMs)} s to be published: data planes do not know it.`,
      whatToDo: 'Look at the log of the loop "publisher", and at Redis.',
    })
  }
  if (eventBacklog !== null && eventBacklog.oldestAgeMs >= ingestLagLimitMs) {
    found.push({
      what: 'ingest_lags',
      reason: `${eventBacklog.batches} event batches wait, the oldest for ${seconds(eventBacklog.oldestAgeMs)} s: usage, audit trail and the settling of budgets lag.`,
      whatToDo: 'Look at the log of the loop "ingest", at PostgreSQL, and start further control planes.',
    })
  }
  return found
}

function storeOf({ memory }: HealthFacts): Found[] {
  if (memory === undefined) return []
  const { evicts, policy, usedBytes, maxBytes } = memory
  const found: Found[] = []
  if (evicts) {
    found.push({
      what: 'redis_evicts',
      reason: `Redis has maxmemory-policy ${policy}: when its memory is full it forgets configurations, events and used permits of request limits.`,
      whatToDo: 'Set maxmemory-policy noeviction.',
    })
  }
  if (maxBytes !== null && usedBytes >= maxBytes * fillingShare) {
    found.push({
      what: 'redis_filling',
      reason: `Redis has used ${Math.floor((usedBytes / maxBytes) * 100)} % of its memory: at its limit it refuses changes, events and requests for leases.`,
      whatToDo: 'Raise maxmemory, or see why events are not taken in (ingest_lags).',
    })
  }
  return found
}

function budgetsOf({ budgetDriftNanoUsd: drift }: HealthFacts): Found[] {
  if (drift === null || drift === 0n) return []
  return [
    {
      what: 'budget_drift',
      reason: `Usage, budgets and leases do not agree, by ${drift} nano-USD in all: a budget may refuse money that was not spent, or allow more than its limit.`,
      whatToDo:
        'Look at the log of the loop "reconciler", which names each budget and both amounts; see who changed the database by hand, and report it.',
    },
  ]
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000)
}
