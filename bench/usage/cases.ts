import type { Principal } from '../lists/cases.ts'
import { counts, idOf } from '../lists/seed.ts'

export interface UsageCase {
  readonly name: string
  readonly principal: Principal
  /** Another thing each time, so that it is not one part of a cache that is measured. */
  readonly variables: (round: number) => Readonly<Record<string, unknown>>
}

export const usageDocument = `query Bench(
  $groupBy: [UsageDimension!]! = [], $interval: UsageInterval, $timeZone: String, $filter: UsageSummaryFilter) {
  usageSummary(groupBy: $groupBy, interval: $interval, timeZone: $timeZone, filter: $filter) {
    from model outcome tag provider { name } customer { name } businessUnit { name } team { name } user { name }
    virtualKey { name } totals { requests inputTokens outputTokens costNanoUsd }
  }
}`

const team = (round: number) => ({ teamIds: [idOf('team', (round * 37) % counts.teams)] })
const user = (round: number) => ({ userIds: [idOf('usr', (round * 101) % counts.users)] })
const customer = (round: number) => ({ customerIds: [idOf('cus', round % counts.customers)] })
const provider = (round: number) => ({ providerIds: [idOf('prov', round % 4)] })
const busiestKey = { virtualKeyIds: [idOf('vk', 0)] }
const berlin = { timeZone: 'Europe/Berlin' }
const kolkata = { timeZone: 'Asia/Kolkata' }

type Row = readonly [name: string, variables: (round: number) => object]

const ofEverybody: readonly Row[] = [
  ['day', () => ({ interval: 'DAY' })],
  ['month', () => ({ interval: 'MONTH' })],
  ['hour, of 30 days', () => ({ interval: 'HOUR', filter: { within: 'P30D' } })],
  ['minute, of a day', () => ({ interval: 'MINUTE', filter: { within: 'P1D' } })],
  ['day in Berlin', () => ({ interval: 'DAY', ...berlin })],
  ['month in Berlin', () => ({ interval: 'MONTH', ...berlin })],
  ['month in Kolkata', () => ({ interval: 'MONTH', ...kolkata })],
  ['day in Kolkata', () => ({ interval: 'DAY', ...kolkata })],
  ['model', () => ({ groupBy: ['MODEL'] })],
  ['model, of 7 days', () => ({ groupBy: ['MODEL'], filter: { within: 'P7D' } })],
  ['provider, model and week', () => ({ groupBy: ['PROVIDER', 'MODEL'], interval: 'WEEK' })],
  ['customer', () => ({ groupBy: ['CUSTOMER'] })],
  ['customer and month in Berlin', () => ({ groupBy: ['CUSTOMER'], interval: 'MONTH', ...berlin })],
  ['team', () => ({ groupBy: ['TEAM'] })],
  ['team, of a provider', (n) => ({ groupBy: ['TEAM'], filter: provider(n) })],
  ['customer and model', () => ({ groupBy: ['CUSTOMER', 'MODEL'] })],
  ['tag', () => ({ groupBy: ['TAG'] })],
  ['tag, of 7 days', () => ({ groupBy: ['TAG'], filter: { within: 'P7D' } })],
  ['day of a customer', (n) => ({ interval: 'DAY', filter: customer(n) })],
  ['model of a customer', (n) => ({ groupBy: ['MODEL'], filter: customer(n) })],
  ['user of a team', (n) => ({ groupBy: ['USER'], filter: team(n) })],
  ['key and model of a team', (n) => ({ groupBy: ['VIRTUAL_KEY', 'MODEL'], filter: team(n) })],
  ['model and day of a user', (n) => ({ groupBy: ['MODEL'], interval: 'DAY', filter: user(n) })],
  [
    'model and day in Berlin of a user',
    (n) => ({ groupBy: ['MODEL'], interval: 'DAY', ...berlin, filter: user(n) }),
  ],
  [
    'hour of the busiest key, of 30 days',
    () => ({ interval: 'HOUR', filter: { ...busiestKey, within: 'P30D' } }),
  ],
  ['model and day of the busiest key', () => ({ groupBy: ['MODEL'], interval: 'DAY', filter: busiestKey })],
]

/** What somebody asks who sees only some rows. */
const ofSome: readonly Row[] = [
  ['day', () => ({ interval: 'DAY' })],
  ['day in Berlin', () => ({ interval: 'DAY', ...berlin })],
  ['model', () => ({ groupBy: ['MODEL'] })],
  ['model and day', () => ({ groupBy: ['MODEL'], interval: 'DAY' })],
  ['key', () => ({ groupBy: ['VIRTUAL_KEY'] })],
]

const asCase =
  (principal: Principal) =>
  ([name, variables]: Row): UsageCase => ({
    name: `${principal}: ${name}`,
    principal,
    variables: variables as UsageCase['variables'],
  })

export const usageCases: readonly UsageCase[] = [
  ...ofEverybody.map(asCase('admin')),
  ...ofSome.map(asCase('team')),
  ...ofSome.map(asCase('own')),
]
