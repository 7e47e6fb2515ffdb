import { collectDefaultMetrics, Registry } from 'prom-client'
import { callOutcomes } from '../../contract/events.ts'
import { counter, gauge, type Sample, singleGauge } from '../../telemetry/prometheus.ts'
import { describeStore } from '../../telemetry/store-metrics.ts'
import {
  type BudgetLease,
  degradationNames,
  firstLeaseSecondsLeft,
  journalSecondsLeft,
} from './degradations.ts'
import type { StatusSources } from './sources.ts'

const applyStatuses = ['applied', 'refused', 'awaiting'] as const

/** The metrics of one data plane, read from its parts when they are asked for. */
export function createMetrics(sources: StatusSources): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  describeCalls(registry, sources)
  describeAdmission(registry, sources)
  describePlugins(registry, sources)
  describeProviders(registry, sources)
  describeNode(registry, sources)
  describeDistribution(registry, sources)
  describeJournal(registry, sources)
  describeOutage(registry, sources)
  return registry
}

function describeCalls(registry: Registry, sources: StatusSources): void {
  counter(registry, 'gatehouse_calls_total', 'Calls by how they ended.', ['outcome'], () => {
    const { calls } = sources.counters()
    return callOutcomes.map((outcome) => ({ labels: { outcome }, value: calls[outcome] }))
  })
  gauge(registry, 'gatehouse_event_backlog', 'Events that wait to reach the control plane.', [], () => [
    { labels: {}, value: sources.counters().eventBacklog },
  ])
}

function describeAdmission(registry: Registry, { admission }: StatusSources): void {
  counter(
    registry,
    'gatehouse_shed_calls_total',
    'Calls that were refused because more came than can be served, by the priority of their keys.',
    ['priority'],
    () => Object.entries(admission().refused).map(([priority, value]) => ({ labels: { priority }, value })),
  )
  singleGauge(
    registry,
    'gatehouse_calls_in_progress',
    'Calls that are under way.',
    () => admission().inProgress,
  )
  singleGauge(
    registry,
    'gatehouse_calls_in_progress_limit',
    'How many calls may be under way now; falls while more come than can be served.',
    () => admission().limit,
  )
}

function describePlugins(registry: Registry, sources: StatusSources): void {
  const each = (value: 'calls' | 'denials' | 'errors') => () =>
    sources.plugins().map((plugin) => ({ labels: { plugin: plugin.name }, value: plugin[value] }))
  counter(registry, 'gatehouse_plugin_calls_total', 'Calls that passed a plugin.', ['plugin'], each('calls'))
  counter(
    registry,
    'gatehouse_plugin_denials_total',
    'Calls that a plugin refused.',
    ['plugin'],
    each('denials'),
  )
  counter(
    registry,
    'gatehouse_plugin_errors_total',
    'Calls on which a plugin failed.',
    ['plugin'],
    each('errors'),
  )
  const help = 'Time that a plugin takes of a call.'
  gauge(registry, 'gatehouse_plugin_duration_seconds', help, ['plugin', 'quantile'], () =>
    sources
      .plugins()
      .flatMap(({ name, p50Ms, p99Ms }) => [
        ...quantile(name, '0.5', p50Ms),
        ...quantile(name, '0.99', p99Ms),
      ]),
  )
}

function describeProviders(registry: Registry, sources: StatusSources): void {
  const each = (value: 'requests' | 'errors' | 'inFlight') => () =>
    sources.providers().map((provider) => ({ labels: { provider: provider.name }, value: provider[value] }))
  const label = ['provider']
  counter(registry, 'gatehouse_provider_requests_total', 'Requests to a provider.', label, each('requests'))
  counter(
    registry,
    'gatehouse_provider_errors_total',
    'Failed requests to a provider.',
    label,
    each('errors'),
  )
  gauge(
    registry,
    'gatehouse_provider_in_flight',
    'Requests under way at a provider.',
    label,
    each('inFlight'),
  )
}

function describeNode(registry: Registry, sources: StatusSources): void {
  gauge(registry, 'gatehouse_build_info', 'The running release; always 1.', ['version'], () => [
    { labels: { version: sources.node().version }, value: 1 },
  ])
  singleGauge(
    registry,
    'gatehouse_config_epoch',
    'Epoch of the applied configuration.',
    () => sources.node().epoch,
  )
  singleGauge(
    registry,
    'gatehouse_config_revision',
    'Revision of the applied configuration.',
    () => sources.node().revision,
  )
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000)
  singleGauge(
    registry,
    'gatehouse_config_age_seconds',
    'How long ago the applied configuration was confirmed to be the newest.',
    () => seconds(sources.node().configurationAgeMs),
  )
  singleGauge(
    registry,
    'gatehouse_config_staleness_limit_seconds',
    'Age of the configuration at which calls are refused; absent: none.',
    () => seconds(sources.node().stalenessLimitMs),
  )
  singleGauge(
    registry,
    'gatehouse_clock_skew_seconds',
    'How far this clock is ahead of the control plane’s.',
    () => seconds(sources.node().clockSkewMs),
  )
  singleGauge(
    registry,
    'gatehouse_transport_connected',
    'Whether the store between the planes answers.',
    () => Number(sources.node().transportConnected),
  )
  describeStore(registry, () => sources.node().storeMemory)
  gauge(
    registry,
    'gatehouse_config_apply_status',
    'Where the newest offer stands: 1 for one status.',
    ['status'],
    () =>
      applyStatuses.map((status) => ({
        labels: { status },
        value: Number(sources.node().applyStatus === status),
      })),
  )
}

function describeDistribution(registry: Registry, sources: StatusSources): void {
  singleGauge(registry, 'gatehouse_config_head_age_seconds', 'Age of the newest signed head.', () => {
    const { headAgeMs } = sources.node()
    return headAgeMs === null ? null : headAgeMs / 1000
  })
  const behind = 'How many revisions the newest signed head is ahead of what is applied.'
  singleGauge(registry, 'gatehouse_config_revisions_behind', behind, () => sources.node().revisionsBehind)
  const lag = 'How long what is applied has not been what the newest signed head says.'
  singleGauge(registry, 'gatehouse_config_lag_seconds', lag, () => secondsBehind(sources))
  const refusals = 'Offered configurations that were refused, counted once for each reason.'
  counter(registry, 'gatehouse_config_refusals_total', refusals, [], () => [
    { labels: {}, value: sources.node().refusals },
  ])
}

const lagNames: ReadonlySet<string> = new Set(['configuration_refused', 'configuration_behind'])

function secondsBehind(sources: StatusSources): number {
  const begun = sources.degradations().filter(({ what }) => lagNames.has(what))
  return Math.max(0, ...begun.map(({ since }) => (sources.now() - since) / 1000))
}

function describeJournal(registry: Registry, sources: StatusSources): void {
  const journal = () => sources.journal()
  singleGauge(registry, 'gatehouse_journal_bytes', 'Size of the journal on disk.', () => journal().bytes)
  const limit = 'Largest size of the journal; at nine tenths of it no further call is recorded.'
  singleGauge(registry, 'gatehouse_journal_limit_bytes', limit, () => journal().maxBytes)
  const left = 'Until no further call is recorded, at the rate of recording, when nothing is shipped.'
  singleGauge(registry, 'gatehouse_journal_left_seconds', left, () => journalSecondsLeft(journal()))
  const age = 'Age of the oldest event that the control plane has not confirmed; 0 when it has all.'
  singleGauge(registry, 'gatehouse_journal_oldest_event_age_seconds', age, () => {
    const { oldestUnshippedAt } = journal()
    return oldestUnshippedAt === null ? 0 : Math.max(0, sources.now() - oldestUnshippedAt) / 1000
  })
  const unrecorded = 'Calls that could not be recorded, by what became of them.'
  counter(registry, 'gatehouse_unrecorded_calls_total', unrecorded, ['calls'], () => [
    { labels: { calls: 'served' }, value: journal().unrecordedCalls },
    { labels: { calls: 'refused' }, value: journal().unrecordedRefusals },
  ])
}

function describeOutage(registry: Registry, sources: StatusSources): void {
  const degraded = 'Whether something is degraded; the status API says why and for how long it can go on.'
  gauge(registry, 'gatehouse_degraded', degraded, ['what'], () => {
    const active = new Set(sources.degradations().map(({ what }) => what))
    return degradationNames.map((what) => ({ labels: { what }, value: Number(active.has(what)) }))
  })
  const connected =
    'Whether the last word of a connection to Redis was an answer; 0 lets calls over it fail at once.'
  gauge(registry, 'gatehouse_redis_connected', connected, ['role'], () =>
    sources.connections().map(({ role, answers }) => ({ labels: { role }, value: Number(answers) })),
  )
  const left = 'How long the leases last of the budget that runs out first, at its present rate.'
  singleGauge(registry, 'gatehouse_lease_left_seconds', left, () => firstLeaseSecondsLeft(sources.leases()))
  const unanswered = 'How long the oldest request for leases has no answer; 0 when none waits.'
  singleGauge(registry, 'gatehouse_lease_unanswered_seconds', unanswered, () => {
    return (sources.leases().unansweredForMs ?? 0) / 1000
  })
  const overspend = 'By how much the calls of this data plane can overspend balanced budgets, all together.'
  singleGauge(registry, 'gatehouse_budget_overspend_bound_usd', overspend, () =>
    sumOf(sources, ({ overspendBoundNanoUsd }) => overspendBoundNanoUsd / 1e9),
  )
  const unbounded = 'Calls under way whose cost nothing bounds, counted for each of their budgets.'
  singleGauge(registry, 'gatehouse_budget_unbounded_calls', unbounded, () =>
    sumOf(sources, ({ unboundedCalls }) => unboundedCalls),
  )
}

function sumOf(sources: StatusSources, numberOf: (budget: BudgetLease) => number): number {
  return sources.leases().budgets.reduce((sum, budget) => sum + numberOf(budget), 0)
}

function quantile(plugin: string, share: string, durationMs: number | null): readonly Sample[] {
  return durationMs === null ? [] : [{ labels: { plugin, quantile: share }, value: durationMs / 1000 }]
}
