import { describe, expect, it } from 'vitest'
import {
  type DegradationFacts,
  degradationNames,
  degradationsOf,
} from '../../../data-plane/status/degradations.ts'

const node: DegradationFacts['node'] = {
  id: 'dp_1',
  version: '0.1.0',
  startedAt: 0,
  epoch: 1,
  revision: 7,
  configHash: 'a'.repeat(64),
  applyStatus: 'applied',
  lastError: null,
  transportConnected: true,
  storeMemory: { usedBytes: 10, maxBytes: 100, policy: 'noeviction', evicts: false },
  headAgeMs: 2_000,
  revisionsBehind: 0,
  configurationAgeMs: 2_000,
  stalenessLimitMs: null,
  clockSkewMs: null,
  ignored: [],
  heldBack: [],
  refusals: 0,
}
const memory = { usedBytes: 10, maxBytes: 100, policy: 'noeviction', evicts: false }
const journal: DegradationFacts['journal'] = {
  bytes: 100_000,
  maxBytes: 1_000_000,
  bytesPerSecond: 1_000,
  oldestUnshippedAt: null,
  isFailing: false,
  isFull: false,
  servesUnrecorded: false,
  unrecordedCalls: 0,
  unrecordedRefusals: 0,
}
const well: DegradationFacts = {
  node,
  whyUnavailable: null,
  journal,
  leases: { unansweredForMs: null, budgets: [] },
  hasLocalLimits: false,
  isDraining: false,
  now: 1_000_000,
}

function found(facts: Partial<DegradationFacts>) {
  return degradationsOf({ ...well, ...facts })
}

describe('what a data plane does without', () => {
  it('is nothing while all is well', () => {
    expect(found({})).toEqual([])
  })

  it('is each of its names, and then all of them say what to do', () => {
    const worst = [
      found({ whyUnavailable: 'no configuration was received yet', isDraining: true }),
      found({ node: { ...node, applyStatus: 'refused', lastError: 'unknown format' } }),
      found({ node: { ...node, lastError: 'it could not be saved' } }),
      found({ node: { ...node, revisionsBehind: 3, stalenessLimitMs: 1_000 } }),
      found({ node: { ...node, headAgeMs: 20_000, transportConnected: false }, hasLocalLimits: true }),
      found({ journal: { ...journal, isFailing: true, isFull: true, bytes: 950_000, oldestUnshippedAt: 0 } }),
      found({ journal: { ...journal, bytes: 600_000 } }),
      found({ leases: { unansweredForMs: 9_000, budgets: [] } }),
      found({ node: { ...node, storeMemory: { ...memory, evicts: true, policy: 'allkeys-lru' } } }),
      found({ node: { ...node, storeMemory: { ...memory, usedBytes: 95 } } }),
    ].flat()
    expect(new Set(worst.map(({ what }) => what))).toEqual(new Set(degradationNames))
    for (const { reason, whatToDo } of worst) {
      expect(reason).toMatch(/^[A-Z].+\.$/)
      expect(whatToDo).toMatch(/^[A-Z].+\.$/)
    }
  })

  it('names first what stops all calls', () => {
    const names = found({
      node: { ...node, transportConnected: false },
      journal: { ...journal, isFailing: true },
    }).map(({ what, stopsService }) => [what, stopsService])
    expect(names).toEqual([
      ['journal_failing', true],
      ['redis_unreachable', false],
    ])
  })
})

describe('for how long it can go on', () => {
  it('is, without Redis, until the journal admits no call: what is free of nine tenths, by the rate', () => {
    const [away] = found({ node: { ...node, transportConnected: false } })
    expect(away).toMatchObject({ what: 'redis_unreachable', canGoOnForSeconds: 800, stopsService: false })
  })

  it('is without an end while nothing is recorded', () => {
    const [away] = found({
      node: { ...node, transportConnected: false },
      journal: { ...journal, bytesPerSecond: 0 },
    })
    expect(away?.canGoOnForSeconds).toBeNull()
  })

  it.each([
    [null, null],
    [60_000, 40],
    [10_000, 0],
  ])('is, without a control plane and with a staleness limit of %s ms, %s s', (maxStalenessMs, expected) => {
    const all = found({
      node: { ...node, headAgeMs: 20_000, configurationAgeMs: 20_000, stalenessLimitMs: maxStalenessMs },
    })
    expect(all.find(({ what }) => what === 'control_plane_silent')?.canGoOnForSeconds).toBe(expected)
    expect(all.some(({ stopsService }) => stopsService)).toBe(expected === 0)
  })

  it('is, without leases, until the first budget has spent what is leased of it', () => {
    const bounded = { overspendBoundNanoUsd: 0, unboundedCalls: 0 }
    const budgets = [
      { budgetId: 'bud_idle', freeNanoUsd: 5_000, nanoUsdPerSecond: 0, ...bounded },
      { budgetId: 'bud_first', freeNanoUsd: 5_000, nanoUsdPerSecond: 500, ...bounded },
      { budgetId: 'bud_later', freeNanoUsd: 5_000, nanoUsdPerSecond: 50, ...bounded },
    ]
    const [unanswered] = found({ leases: { unansweredForMs: 6_000, budgets } })
    expect(unanswered).toMatchObject({
      what: 'leases_unanswered',
      canGoOnForSeconds: 10,
      stopsService: false,
    })
    expect(found({ leases: { unansweredForMs: 300, budgets } })).toEqual([])
  })

  it('is not at all once the journal is full, or the disk refuses it', () => {
    for (const broken of [{ isFull: true }, { isFailing: true }]) {
      const [first] = found({ journal: { ...journal, ...broken } })
      expect(first).toMatchObject({ canGoOnForSeconds: 0, stopsService: true })
      const [counted] = found({ journal: { ...journal, ...broken, servesUnrecorded: true } })
      expect(counted).toMatchObject({ canGoOnForSeconds: 0, stopsService: false })
    }
  })
})
