import { expect, it } from 'vitest'
import {
  degradationNames,
  degradationsOf,
  type HealthFacts,
} from '../../../control-plane/health/degradations.ts'

const well: HealthFacts = {
  databaseAnswers: true,
  storeAnswers: true,
  memory: memory(10),
  publishLagMs: 0,
  eventBacklog: { batches: 3, oldestAgeMs: 200 },
  budgetDriftNanoUsd: 0n,
}

it('is nothing while all is well, and while what is not known would have to be guessed', () => {
  expect(degradationsOf(well)).toEqual([])
  expect(
    degradationsOf({ ...well, memory: undefined, eventBacklog: null, budgetDriftNanoUsd: null }),
  ).toEqual([])
})

it.each<[string, Partial<HealthFacts>, RegExp]>([
  ['database_unreachable', { databaseAnswers: false }, /PostgreSQL does not answer/],
  ['redis_unreachable', { storeAnswers: false }, /Redis does not answer/],
  ['publishing_lags', { publishLagMs: 45_000 }, /45 s/],
  ['ingest_lags', { eventBacklog: { batches: 12, oldestAgeMs: 90_000 } }, /12 event batches wait.*90 s/],
  ['redis_evicts', { memory: { ...memory(10), policy: 'allkeys-lru', evicts: true } }, /allkeys-lru/],
  ['redis_filling', { memory: memory(95) }, /95 %/],
  ['budget_drift', { budgetDriftNanoUsd: 41n }, /by 41 nano-USD/],
])('names %s, with what it follows from', (what, facts, reason) => {
  const found = degradationsOf({ ...well, ...facts })
  expect(found).toMatchObject([{ what, stopsService: what === 'database_unreachable' }])
  expect(found[0]?.reason).toMatch(reason)
  expect(degradationNames).toContain(what)
})

function memory(usedBytes: number) {
  return { policy: 'noeviction', evicts: false, usedBytes, maxBytes: 100 }
}
