import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { type Planes, startPlanes } from './planes.ts'
import { spendAtOnce } from './spend-at-once.ts'

let planes: Planes

beforeAll(async () => {
  planes = await startPlanes({ superuserUrl: inject('servers').postgres.superuserUrl, dataPlanes: 2 })
}, 90_000)
afterAll(() => planes?.stop())

// `npm run prove -- --only budget-modes` does it with 1 000 calls on a dollar.
const rush = { limitNanoUsd: 20_000_000, calls: 100, outputTokens: 1_000 }

it('calls at once on two data planes are never billed more than a strict budget', async () => {
  const { served, billedNanoUsd, boundNanoUsd } = await spendAtOnce(planes, { ...rush, mode: 'STRICT' })
  expect(served).toBeGreaterThan(0)
  expect(served).toBeLessThan(rush.calls)
  expect(billedNanoUsd).toBeLessThanOrEqual(rush.limitNanoUsd)
  expect(boundNanoUsd).toBe(0)
}, 60_000)

it('calls that cost more than a balanced budget expected are billed more than it by the bound that was shown at most', async () => {
  const { billedNanoUsd, boundNanoUsd } = await spendAtOnce(planes, { ...rush, mode: 'BALANCED' })
  expect(billedNanoUsd).toBeGreaterThan(rush.limitNanoUsd)
  expect(billedNanoUsd).toBeLessThanOrEqual(rush.limitNanoUsd + boundNanoUsd)
}, 60_000)
