import { issueKey } from '../test/acceptance/keys.ts'
import { readAuditTrail } from './audit-trail.ts'
import type { Finding, Scenario } from './scenario.ts'
import { planFaults, postgres, type ScheduleOptions } from './schedule.ts'
import { openStage } from './stage.ts'
import { makeTraffic } from './traffic.ts'
import { compareWithWitness } from './witness.ts'

/** Some would hit who is down already: what happens is about one a second. */
const severity = { everyMs: 850, longestDownMs: 1_500, shareOfHalts: 0 }

export const records: Scenario = {
  promise: 'whatever is killed, each call that the provider was asked is in the audit trail exactly once',
  prove,
}

async function prove(options: ScheduleOptions, progress: (line: string) => void): Promise<Finding> {
  await using ends = new AsyncDisposableStack()
  const stage = await openStage(options.dataPlanes, ends)
  const { planes } = stage
  // Money has a scenario of its own; a key without a budget is served in every outage.
  const { secret: virtualKey } = await issueKey(planes, planes.demo, { name: 'chaos' })
  await planes.applied()

  const models = [['demo-chat', 1]] as const
  const [traffic, faults] = await Promise.all([
    makeTraffic({ ...options, dataPlanes: planes.dataPlanes, virtualKey, models }),
    stage.inflict(planFaults(options, severity), progress),
  ])
  progress(`${traffic.served} of ${traffic.made} calls were served; waiting for their records`)
  await stage.settled()

  const asked = planes.providerCalls().flatMap(({ user }) => user ?? [])
  const broken = compareWithWitness(asked, await readAuditTrail(planes))
  const [missing, doubled, invented] = [broken.missing.length, broken.doubled.length, broken.invented.length]
  return {
    verdict: {
      ...{ scenario: 'records', seed: options.seed, faults: faults.length, calls: asked.length },
      ...{ missing, doubled, invented },
      databaseStops: faults.filter(({ victim }) => victim === postgres).length,
    },
    isKept: asked.length > 0 && missing + doubled + invented === 0,
    broken: { ...broken },
  }
}
