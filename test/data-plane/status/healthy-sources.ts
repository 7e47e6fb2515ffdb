import type { StatusSources } from '../../../data-plane/status/sources.ts'

const plugin = { name: 'auth', version: '1.0.0', enabled: true, builtin: true, order: 1 }

/** A data plane on which something of everything has happened. */
const strict = { overspendBoundNanoUsd: 0, unboundedCalls: 0 }

export const healthySources: StatusSources = {
  node: () => ({
    id: 'dp_1',
    version: '0.1.0',
    startedAt: 0,
    epoch: 1,
    revision: 7,
    configHash: 'a'.repeat(64),
    applyStatus: 'refused',
    lastError: 'snapshot has the unknown format 2',
    ignored: ['virtual_key.hint (in 12)'],
    heldBack: [],
    transportConnected: true,
    storeMemory: { usedBytes: 2_000_000, maxBytes: 100_000_000, policy: 'noeviction', evicts: false },
    headAgeMs: 1_500,
    revisionsBehind: 1,
    refusals: 1,
    configurationAgeMs: 1_500,
    stalenessLimitMs: 60_000,
    clockSkewMs: 12,
  }),
  plugins: () => [{ ...plugin, calls: 3, denials: 1, errors: 0, p50Ms: 0.01, p99Ms: null }],
  providers: () => [{ name: 'openai', requests: 2, errors: 1, inFlight: 0, lastError: 'timeout' }],
  counters: () => ({
    requests: 3,
    denials: 1,
    upstreamErrors: 1,
    calls: { succeeded: 1, denied: 1, failed: 1, cancelled: 0, unknown: 0 },
    eventBacklog: 4,
  }),
  now: () => 100_000,
  connections: () => [
    { role: 'commands', answers: false },
    { role: 'subscriptions', answers: true },
  ],
  journal: () => ({
    bytes: 400,
    maxBytes: 1_000,
    bytesPerSecond: 10,
    oldestUnshippedAt: 30_000,
    isFailing: false,
    isFull: false,
    servesUnrecorded: false,
    unrecordedCalls: 0,
    unrecordedRefusals: 2,
  }),
  leases: () => ({
    unansweredForMs: 7_000,
    budgets: [
      { budgetId: 'bud_slow', freeNanoUsd: 1_000, nanoUsdPerSecond: 0, ...strict },
      {
        budgetId: 'bud_later',
        freeNanoUsd: 1_000,
        nanoUsdPerSecond: 10,
        overspendBoundNanoUsd: 250,
        unboundedCalls: 2,
      },
      { budgetId: 'bud_first', freeNanoUsd: 1_000, nanoUsdPerSecond: 100, ...strict },
    ],
  }),
  degradations: () => [
    {
      what: 'configuration_refused',
      since: 60_000,
      reason: 'The newest configuration was refused.',
      canGoOnForSeconds: null,
      whatToDo: 'Correct it.',
      stopsService: false,
    },
  ],
  admission: () => ({ inProgress: 3, limit: 1_000, refused: { high: 0, normal: 1, low: 2 } }),
}
