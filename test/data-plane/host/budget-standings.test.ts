import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { LeaseGrant } from '../../../contract/leases.ts'
import { BudgetStandings } from '../../../data-plane/host/budget-standings.ts'
import type { Ask } from '../../../data-plane/host/lease-desk.ts'

const team = { id: 'bud_team', scope: 'team', limitNanoUsd: '1000' }
const own = { id: 'bud_key', scope: 'virtual_key', limitNanoUsd: '500' }

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => void vi.useRealTimers())

function open() {
  const asks: Ask[] = []
  return { asks, standings: new BudgetStandings({ ask: (ask) => asks.push(ask), now: () => Date.now() }) }
}

function grantOf(budgetId: string, settled: number, windowEndsAt: number | null = null): LeaseGrant {
  return {
    budgetId,
    leaseId: null,
    grantedNanoUsd: 0,
    windowEndsAt,
    limitNanoUsd: '1000',
    settledNanoUsd: String(settled),
    unleasedNanoUsd: '0',
  }
}

it('asks for a lease of nothing, once for all who want to know, and says what comes back', async () => {
  const { asks, standings } = open()
  const both = Promise.all([standings.standing([team, own]), standings.standing([team])])
  expect(asks).toEqual([
    { budgetId: 'bud_team', wantedNanoUsd: 0, neededNanoUsd: 0 },
    { budgetId: 'bud_key', wantedNanoUsd: 0, neededNanoUsd: 0 },
  ])
  standings.learn([grantOf('bud_team', 7), grantOf('bud_key', 3, 2_000_000)])
  const [first, second] = await both
  expect(first.map(({ budget, facts }) => [budget.id, facts?.settledNanoUsd, facts?.windowEndsAt])).toEqual([
    ['bud_team', '7', null],
    ['bud_key', '3', 2_000_000],
  ])
  expect(second).toMatchObject([{ budget: team, facts: { settledNanoUsd: '7', at: 1_000_000 } }])
})

it('says at once what was said within a second, and asks anew afterwards', () => {
  const { asks, standings } = open()
  standings.learn([grantOf('bud_team', 7)])
  vi.advanceTimersByTime(999)
  expect(standings.standing([team])).toMatchObject([{ facts: { settledNanoUsd: '7' } }])
  expect(asks).toEqual([])
  vi.advanceTimersByTime(1)
  expect(standings.standing([team])).toBeInstanceOf(Promise)
  expect(asks).toHaveLength(1)
})

it('while nobody answers, one waits two seconds and the next ones not at all, and what is known says how old it is', async () => {
  const { asks, standings } = open()
  standings.learn([grantOf('bud_team', 7)])
  vi.advanceTimersByTime(60_000)
  const waiting = standings.standing([team, own])
  await vi.advanceTimersByTimeAsync(2_000)
  const old = [
    { budget: team, facts: { settledNanoUsd: '7', at: 1_000_000 } },
    { budget: own, facts: null },
  ]
  expect(await waiting).toMatchObject(old)
  expect(standings.standing([team, own])).toMatchObject(old)
  expect(asks).toHaveLength(2)
  standings.learn([grantOf('bud_team', 8), grantOf('bud_key', 1)])
  expect(standings.standing([team, own])).toMatchObject([
    { facts: { settledNanoUsd: '8' } },
    { facts: { settledNanoUsd: '1' } },
  ])
})

it('a window that is over says nothing about the next one', async () => {
  const { standings } = open()
  standings.learn([grantOf('bud_team', 7, 1_000_500)])
  vi.advanceTimersByTime(500)
  const waiting = standings.standing([team])
  await vi.advanceTimersByTimeAsync(2_000)
  expect(await waiting).toEqual([{ budget: team, facts: null }])
})

it('keeps nobody waiting when it is closed', async () => {
  const { standings } = open()
  const waiting = standings.standing([team])
  standings.close()
  expect(await waiting).toEqual([{ budget: team, facts: null }])
})
