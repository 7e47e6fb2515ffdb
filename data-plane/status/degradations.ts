import type { Degradation } from '../../telemetry/degradations.ts'
import { memoryProblem } from '../../transport/store-memory.ts'
import type { JournalNumbers } from '../host/journal-numbers.ts'
import type { NodeNumbers } from './sources.ts'

/** All that a data plane can do without, and what stops it. */
export const degradationNames = [
  'configuration_missing',
  'configuration_stale',
  'configuration_refused',
  'configuration_behind',
  'configuration_impaired',
  'control_plane_silent',
  'redis_unreachable',
  'redis_evicts',
  'redis_filling',
  'journal_failing',
  'journal_full',
  'journal_filling',
  'events_waiting',
  'leases_unanswered',
  'limits_local',
  'draining',
] as const
export type DegradationName = (typeof degradationNames)[number]

/** What this data plane may still spend of one budget without asking. */
export interface BudgetLease {
  readonly budgetId: string
  readonly freeNanoUsd: number
  readonly nanoUsdPerSecond: number
  /** By how much the calls under way can overspend it. */
  readonly overspendBoundNanoUsd: number
  /** Calls under way that the bound does not hold, for nobody can say how much they may cost. */
  readonly unboundedCalls: number
}

export interface LeaseNumbers {
  /** How long the oldest request to the control plane has no answer; null when none waits. */
  readonly unansweredForMs: number | null
  readonly budgets: readonly BudgetLease[]
}

/** What a data plane knows of itself. */
export interface DegradationFacts {
  readonly node: NodeNumbers
  /** Why there is no configuration to serve with; null when there is one. */
  readonly whyUnavailable: string | null
  readonly journal: JournalNumbers
  readonly leases: LeaseNumbers
  /** The request limits are counted without the other data planes. */
  readonly hasLocalLimits: boolean
  readonly isDraining: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Shares of the journal's size: from one on refused calls go unrecorded, at the other every call is refused. */
const fillingShare = 0.5
const fullShare = 0.9
/** Heads are renewed every three seconds. */
const silentHeadMs = 15_000
const waitingEventsMs = 60_000
const unansweredLeaseMs = 5_000

type Found = Omit<Degradation<DegradationName>, 'stopsService' | 'canGoOnForSeconds'> &
  Partial<Pick<Degradation, 'stopsService' | 'canGoOnForSeconds'>>

/** Everything that is degraded now; what stops calls comes first. */
export function degradationsOf(facts: DegradationFacts): readonly Degradation<DegradationName>[] {
  const found = [
    ...configurationOf(facts),
    ...storeOf(facts),
    ...journalOf(facts),
    ...leasesOf(facts),
    ...limitsOf(facts),
    ...drainingOf(facts),
  ].map((one) => ({ canGoOnForSeconds: null, stopsService: false, ...one }))
  return found.sort((a, b) => Number(b.stopsService) - Number(a.stopsService))
}

/** How long until calls are refused because the journal is full; null when it does not grow. */
export function journalSecondsLeft({ bytes, maxBytes, bytesPerSecond }: JournalNumbers): number | null {
  return secondsOf(maxBytes * fullShare - bytes, bytesPerSecond)
}

/** How long the leases of a budget last at its present rate; null when nothing is spent of it. */
export function leaseSecondsLeft({ freeNanoUsd, nanoUsdPerSecond }: BudgetLease): number | null {
  return secondsOf(freeNanoUsd, nanoUsdPerSecond)
}

/** Of the budget that would be refused first. */
export function firstLeaseSecondsLeft({ budgets }: LeaseNumbers): number | null {
  return budgets.map(leaseSecondsLeft).reduce(earlier, null)
}

function configurationOf(facts: DegradationFacts): Found[] {
  const { node, whyUnavailable } = facts
  const found: Found[] = []
  const canGoOnForSeconds = staleInSeconds(facts)
  if (whyUnavailable !== null) {
    found.push({
      what: 'configuration_missing',
      reason: `No call can be served: ${whyUnavailable}.`,
      canGoOnForSeconds: 0,
      stopsService: true,
      whatToDo: 'Start a control plane and Redis, or enrol this data plane again if it was revoked.',
    })
  }
  if (canGoOnForSeconds === 0) {
    found.push({
      what: 'configuration_stale',
      reason:
        'What serves is older than maxStalenessSeconds allows, so every call is refused with config_unavailable.',
      canGoOnForSeconds,
      stopsService: true,
      whatToDo: 'Start a control plane, and see that this data plane reaches it or Redis.',
    })
  }
  if (node.applyStatus === 'refused') {
    found.push({
      what: 'configuration_refused',
      canGoOnForSeconds,
      reason: `The newest configuration was refused and the one before it serves: ${node.lastError}.`,
      whatToDo: 'Correct or roll back what the reason names: rollBackConfiguration.',
    })
  } else if (node.applyStatus === 'applied' && node.lastError !== null && whyUnavailable === null) {
    found.push({
      what: 'configuration_impaired',
      reason: `The newest configuration serves, but ${node.lastError}.`,
      whatToDo: 'Look at what the reason names; the log has the rest.',
    })
  }
  if (node.applyStatus !== 'refused' && whyUnavailable === null && (node.revisionsBehind ?? 0) > 0) {
    found.push({
      what: 'configuration_behind',
      canGoOnForSeconds,
      reason: `The newest signed head is ${node.revisionsBehind} revisions ahead of what serves, and its documents are not here.`,
      whatToDo: 'Start Redis and a control plane: it publishes again what is missing.',
    })
  }
  if (node.headAgeMs !== null && node.headAgeMs >= silentHeadMs) {
    const age = Math.floor(node.headAgeMs / 1_000)
    found.push({
      what: 'control_plane_silent',
      reason: `The newest signed head is ${age} s old: changes and revocations made since may be missing here.`,
      canGoOnForSeconds,
      whatToDo: 'Start a control plane, and see that it reaches PostgreSQL and Redis.',
    })
  }
  return found
}

/** What was never confirmed to be the newest is too old for any limit. */
function staleInSeconds({ node, whyUnavailable }: DegradationFacts): number | null {
  const { stalenessLimitMs, configurationAgeMs } = node
  if (stalenessLimitMs === null || whyUnavailable !== null) return null
  return Math.floor(Math.max(0, stalenessLimitMs - (configurationAgeMs ?? stalenessLimitMs)) / 1_000)
}

function storeOf({ node, journal }: DegradationFacts): Found[] {
  const { storeMemory, transportConnected } = node
  const problem = storeMemory && memoryProblem(storeMemory)
  if (transportConnected && problem === undefined) return []
  if (transportConnected) {
    return [
      {
        what: storeMemory?.evicts ? 'redis_evicts' : 'redis_filling',
        reason: `${problem}.`,
        whatToDo: 'Set maxmemory-policy noeviction, and maxmemory to more than is used.',
      },
    ]
  }
  return [
    {
      what: 'redis_unreachable',
      reason:
        'Redis does not answer: what is applied or on disk serves, events wait in the journal, budgets are spent from the leases that are known.',
      canGoOnForSeconds: journalSecondsLeft(journal),
      whatToDo: 'Start Redis or mend the way to it; everything catches up by itself.',
    },
  ]
}

function journalOf({ journal, now }: DegradationFacts): Found[] {
  const { bytes, maxBytes, isFailing, isFull, oldestUnshippedAt } = journal
  const consequence = journal.servesUnrecorded
    ? 'calls without a budget are served and counted instead of recorded, and those with one are refused'
    : 'every call is refused with audit_unavailable'
  const stopsService = !journal.servesUnrecorded
  const found: Found[] = []
  if (isFailing) {
    found.push({
      what: 'journal_failing',
      reason: `The journal cannot be written: ${consequence}.`,
      canGoOnForSeconds: 0,
      stopsService,
      whatToDo: 'Free or mend the disk of GATEHOUSE_STATE_DIR; it is tried again every second.',
    })
  }
  const share = bytes / maxBytes
  const percent = Math.floor(share * 100)
  if (isFull) {
    found.push({
      what: 'journal_full',
      reason: `The journal is ${percent} % full: ${consequence}.`,
      canGoOnForSeconds: 0,
      stopsService,
      whatToDo: 'Let the control plane take events in: start it, PostgreSQL and Redis.',
    })
  } else if (share >= fillingShare) {
    found.push({
      what: 'journal_filling',
      reason: `The journal is ${percent} % full: refused calls are counted instead of recorded, and at ${fullShare * 100} % no further call is recorded.`,
      canGoOnForSeconds: journalSecondsLeft(journal),
      whatToDo: 'Let the control plane take events in: start it, PostgreSQL and Redis.',
    })
  }
  if (oldestUnshippedAt !== null && now - oldestUnshippedAt >= waitingEventsMs) {
    const age = Math.floor((now - oldestUnshippedAt) / 1_000)
    found.push({
      what: 'events_waiting',
      reason: `The oldest event has waited ${age} s for the control plane: usage and audit trail lack it.`,
      canGoOnForSeconds: journalSecondsLeft(journal),
      whatToDo: 'Look at gatehouse_ingest_lag_seconds of the control plane, at PostgreSQL and at Redis.',
    })
  }
  return found
}

function leasesOf({ leases }: DegradationFacts): Found[] {
  if (leases.unansweredForMs === null || leases.unansweredForMs < unansweredLeaseMs) return []
  const waited = Math.floor(leases.unansweredForMs / 1_000)
  return [
    {
      what: 'leases_unanswered',
      reason: `No control plane has granted leases of budgets for ${waited} s: what is leased is spent, then the calls of that budget are refused with budget_unavailable. "leases" of the status API says which are first.`,
      canGoOnForSeconds: firstLeaseSecondsLeft(leases),
      whatToDo: 'Start a control plane, and see that it reaches PostgreSQL and Redis.',
    },
  ]
}

function limitsOf({ hasLocalLimits }: DegradationFacts): Found[] {
  if (!hasLocalLimits) return []
  return [
    {
      what: 'limits_local',
      reason:
        'Redis did not grant permits: each limit of requests, tokens and calls under way is kept to this data plane’s share of it, so that calls are refused earlier where the others are idle.',
      whatToDo: 'Start Redis or mend the way to it.',
    },
  ]
}

function drainingOf({ isDraining }: DegradationFacts): Found[] {
  if (!isDraining) return []
  return [
    {
      what: 'draining',
      reason:
        'This data plane is shutting down: it finishes what is under way, and soon takes no further call.',
      canGoOnForSeconds: 0,
      stopsService: true,
      whatToDo: 'Send calls to another data plane.',
    },
  ]
}

function secondsOf(amount: number, perSecond: number): number | null {
  return perSecond > 0 ? Math.floor(Math.max(0, amount) / perSecond) : null
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
