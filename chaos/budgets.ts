import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../test/acceptance/gateway.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import { createGovernedKey } from './hierarchy.ts'
import {
  type BilledCall,
  findDrift,
  readReconciledDrift,
  readStandings,
  readSummedCost,
  readUsage,
} from './ledger.ts'
import type { Finding, Scenario } from './scenario.ts'
import { planFaults, type ScheduleOptions } from './schedule.ts'
import { openStage } from './stage.ts'
import { call, makeTraffic } from './traffic.ts'

const severity = { everyMs: 350, longestDownMs: 800, shareOfHalts: 0.5 }

/**
 * How the provider bills: an answer as it comes, one that uses all it may, one without token counts, and one that is cut
 * off when it is billed.
 */
const models = [
  ['demo-chat', 60],
  ['demo-tokens-64', 30],
  ['demo-no-usage', 7],
  ['demo-cut', 3],
] as const

/** What the ids of the calls begin with by which the rate of spending is measured. */
const calibration = 'calibration'
const calibrationSeconds = 3
/** Callers pause for most of their time, so that it is the faults and not the machine that say how much is spent. */
const pauseMs = [80, 160] as const
/** Of what calls without faults would cost in the same time: with them it is reached when about 60 % of it is over. */
const limitShare = 0.44
const quietMs = 5_000
const freeLimitMs = 60_000
const exhaustedForMs = 6_000
const exhaustLimitMs = 60_000
const leastUsedShare = 0.95
/** What comes back in pieces from whoever was down is spent beyond it, a call here and there. */
const reachedPart = 0.9

export const budgets: Scenario = {
  promise: 'whatever is killed or halted, no level is billed more than its budget, and none has money stuck',
  prove,
}

async function prove(options: ScheduleOptions, progress: (line: string) => void): Promise<Finding> {
  await using ends = new AsyncDisposableStack()
  const stage = await openStage(options.dataPlanes, ends)
  const { planes } = stage
  const key = await createGovernedKey(
    planes,
    models.map(([name]) => name).filter((name) => name !== 'demo-chat'),
  )
  await planes.applied()
  const traffic = { ...options, dataPlanes: planes.dataPlanes, virtualKey: key.secret, models, pauseMs }

  await makeTraffic({ ...traffic, name: calibration, seconds: calibrationSeconds })
  const costPerSecond = totalOf(billsOf(planes)) / calibrationSeconds
  const limit = Math.round(costPerSecond * options.seconds * limitShare)
  const budgetIds = await key.limit(limit)
  await planes.applied()
  progress(`the limit on each of ${budgetIds.length} levels is ${limit} nano-USD`)

  const startedAt = Date.now()
  const [{ made, served }, faults] = await Promise.all([
    makeTraffic(traffic),
    stage.inflict(planFaults(options, severity), progress),
  ])
  progress(`${served} of ${made} calls were served; spending what is left`)
  await spendRest(planes, key.secret)
  await stage.settled()
  await delay(quietMs)
  // Of a machine that is busy: what is held after that is held for good.
  const isFree = async () => (await readStandings(planes, budgetIds)).every(({ leased }) => leased === 0)
  await eventually(isFree, freeLimitMs).catch(() => undefined)

  // Awaited, or all that it asks would be taken down meanwhile.
  return await judge(planes, { ...options, startedAt, faults: faults.length, limit, budgetIds })
}

interface Run {
  readonly seed: number
  readonly seconds: number
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly faults: number
  readonly limit: number
  readonly budgetIds: readonly string[]
}

/** Holds the provider's log, the usage ledger and the budgets against each other. */
async function judge(planes: Planes, run: Run): Promise<Finding> {
  const { seed, faults, limit, budgetIds } = run
  const isMeasured = (id: string) => !id.startsWith(calibration)
  const billed = billsOf(planes).filter(({ id }) => isMeasured(id))
  const recorded = await readUsage(planes)
  const charged = recorded.filter(({ requestId }) => isMeasured(requestId))
  const standings = await readStandings(planes, budgetIds)
  const drift = findDrift(billed, charged)
  const spent = totalOf(charged)
  const settledDrift = standings.reduce((sum, { settled }) => sum + Math.abs(settled - spent), 0)
  const overspendNanoUsd = Math.max(0, totalOf(billed) - limit)
  const usedShare = Math.round((Math.min(...standings.map(({ settled }) => settled)) / limit) * 1_000) / 1_000
  const heldAfterQuietNanoUsd = standings.reduce((sum, { leased }) => sum + leased, 0)
  const reportDrift = Math.abs((await readSummedCost(planes)) - totalOf(recorded))
  const reconciledDrift = await readReconciledDrift(planes.controlPlane.address('url'))
  const driftNanoUsd = drift.nanoUsd + settledDrift + reportDrift + reconciledDrift
  return {
    verdict: {
      ...{ scenario: 'budgets', seed, faults, calls: billed.length },
      ...{ overspendNanoUsd, usedShare, heldAfterQuietNanoUsd, driftNanoUsd },
      ...{
        limitReachedShare: reachedAfter(reachedPart, billed, run),
        chargedAbove: drift.chargedAbove.length,
      },
    },
    isKept: overspendNanoUsd + heldAfterQuietNanoUsd + driftNanoUsd === 0 && usedShare >= leastUsedShare,
    broken: { drifting: drift.calls, 'still leased': standings.flatMap(({ leases }) => leases) },
    listed: { 'charged above the bill, for their end is unknown or estimated': drift.chargedAbove },
  }
}

/** After which share of the run so much of all that was billed had been; 1 when it took longer. */
function reachedAfter(
  part: number,
  billed: readonly (BilledCall & { at: string })[],
  { startedAt, seconds }: Run,
): number {
  let left = totalOf(billed) * part
  const reached = billed
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .find(({ costNanoUsd }) => {
      left -= costNanoUsd
      return left <= 0
    })
  const share = reached ? (Date.parse(reached.at) - startedAt) / (seconds * 1_000) : 1
  return Math.min(1, Math.round(share * 100) / 100)
}

function billsOf(planes: Planes) {
  return planes.providerCalls().map(({ user, costNanoUsd, at }) => ({ id: user ?? '', costNanoUsd, at }))
}

function totalOf(costs: readonly { readonly costNanoUsd: number }[]): number {
  return costs.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0)
}

/** Calls all data planes until none has had money for a while: what others gave back is spent too. */
async function spendRest({ dataPlanes }: Planes, virtualKey: string): Promise<void> {
  const deadline = performance.now() + exhaustLimitMs
  let servedAt = performance.now()
  for (let number = 0; performance.now() - servedAt < exhaustedForMs; number++) {
    if (performance.now() > deadline) throw new Error('the budget does not come to its end')
    const statuses = await Promise.all(
      dataPlanes.map((plane, index) =>
        call(plane, { id: `rest-${number}-${index}`, virtualKey, model: 'demo-chat', manner: 'whole' }),
      ),
    )
    if (statuses.includes(200)) servedAt = performance.now()
    else await delay(50)
  }
}
