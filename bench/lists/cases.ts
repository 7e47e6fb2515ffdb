import { counts, idOf } from './seed.ts'

export type Principal = 'admin' | 'team' | 'own'

export interface ListCase {
  readonly name: string
  readonly principal: Principal
  /** An operation with `$first` where it is a list. */
  readonly document: string
  /** Another thing each time, so that it is not one page of a cache that is measured. */
  readonly variables: (round: number) => Readonly<Record<string, unknown>>
  /** Begin behind the row where a list with these variables begins. */
  readonly behind?: Readonly<Record<string, unknown>>
}

const keyFields = 'id name status lastUsedAt workspace { name } providerConfigs { id provider { name } }'
const callFields =
  'id at costNanoUsd outcome virtualKey { name } user { name } team { name } provider { name }'
const eventFields = 'id at type actor { name } subject { id } details'
const totals = 'totals { requests costNanoUsd }'

/** The document of one list with its filter and order. */
function listOf(
  field: string,
  types: { filter: string; order?: string },
  fields: string,
  beside = '',
): string {
  const order = types.order === undefined ? ['', ''] : [`, $orderBy: ${types.order}`, ', orderBy: $orderBy']
  return `query Bench($first: Int, $after: String, $filter: ${types.filter}${order[0]}) {
    ${field}(first: $first, after: $after, filter: $filter${order[1]}) {
      totalCount ${beside} edges { node { ${fields} } } pageInfo { hasNextPage endCursor }
    }
  }`
}

const keys = listOf('virtualKeys', { filter: 'VirtualKeyFilter', order: 'VirtualKeyOrder' }, keyFields)
const users = listOf('users', { filter: 'UserFilter', order: 'NamedOrder' }, 'id name email team { name }')
const teams = listOf('teams', { filter: 'TeamFilter', order: 'NamedOrder' }, 'id name customer { name }')
const usage = listOf('usage', { filter: 'UsageFilter' }, callFields, totals)
const events = listOf('auditEvents', { filter: 'AuditEventFilter' }, eventFields)
const summary = `query Bench($groupBy: [UsageDimension!]!, $interval: UsageInterval, $filter: UsageSummaryFilter) {
  usageSummary(groupBy: $groupBy, interval: $interval, filter: $filter) { from model provider { name } team { name } ${totals} }
}`

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
const key = (round: number) => idOf('vk', (round * 7_919) % counts.keys)
const user = (round: number) => idOf('usr', (round * 101) % counts.users)
const team = (round: number) => idOf('team', (round * 37) % counts.teams)
const customer = (round: number) => idOf('cus', round % counts.customers)
const provider = (round: number) => idOf('prov', round % 4)
const lateCall = (round: number) => 1_000 + round * 97

type Row = readonly [name: string, document: string, variables: (round: number) => object, behind?: object]

const keyRows: readonly Row[] = [
  ['keys', keys, () => ({})],
  ['keys of a team', keys, (n) => ({ filter: { teamId: team(n) } })],
  ['keys of a user', keys, (n) => ({ filter: { userId: user(n) } })],
  ['keys of a customer', keys, (n) => ({ filter: { customerId: customer(n) } })],
  ['keys of a provider', keys, (n) => ({ filter: { providerId: provider(n) } })],
  ['keys revoked', keys, () => ({ filter: { status: 'REVOKED' } })],
  ['keys with a tag', keys, (n) => ({ filter: { tag: `tag-${n % 500}` } })],
  ['keys by name', keys, () => ({ orderBy: { field: 'NAME', direction: 'ASC' } })],
  ['keys by expiry', keys, () => ({ orderBy: { field: 'EXPIRES_AT', direction: 'ASC' } })],
  ['keys searched, one found', keys, (n) => ({ filter: { search: `key ${10_000 + n * 79} OF` } })],
  ['keys searched, many found', keys, () => ({ filter: { search: 'of a' } })],
  ['keys searched, none found', keys, () => ({ filter: { search: 'no such key' } })],
]

const partyRows: readonly Row[] = [
  ['users', users, () => ({})],
  ['users inactive', users, () => ({ filter: { active: false } })],
  ['users by name', users, () => ({ orderBy: { field: 'NAME', direction: 'DESC' } })],
  ['users searched', users, (n) => ({ filter: { search: `Person ${n * 7}` } })],
  ['teams', teams, () => ({})],
  ['teams of a customer', teams, (n) => ({ filter: { customerId: customer(n) } })],
  ['teams searched', teams, (n) => ({ filter: { search: `team ${n}` } })],
]

const usageRows: readonly Row[] = [
  ['usage', usage, () => ({})],
  ['usage, deep', usage, () => ({}), { filter: { to: daysAgo(45) } }],
  ['usage of a key', usage, (n) => ({ filter: { virtualKeyId: key(n) } })],
  ['usage of the busiest key', usage, () => ({ filter: { virtualKeyId: idOf('vk', 0) } })],
  ['usage of a user', usage, (n) => ({ filter: { userId: user(n) } })],
  ['usage of a team', usage, (n) => ({ filter: { teamId: team(n) } })],
  ['usage of a unit', usage, (n) => ({ filter: { businessUnitId: idOf('bu', n % counts.businessUnits) } })],
  ['usage of a customer', usage, (n) => ({ filter: { customerId: customer(n) } })],
  ['usage of a provider', usage, (n) => ({ filter: { providerId: provider(n) } })],
  ['usage denied', usage, () => ({ filter: { outcome: 'denied' } })],
  ['usage denied of a team', usage, (n) => ({ filter: { outcome: 'denied', teamId: team(n) } })],
  ['usage of 10 days', usage, () => ({ filter: { from: daysAgo(40), to: daysAgo(30) } })],
  ['usage of a request', usage, (n) => ({ filter: { requestId: idOf('req', lateCall(n)) } })],
]

const summaryRows: readonly Row[] = [
  ['summary by day', summary, () => ({ groupBy: [], interval: 'DAY' })],
  ['summary by model', summary, () => ({ groupBy: ['MODEL'] })],
  ['summary of 7 days by model', summary, () => ({ groupBy: ['MODEL'], filter: { within: 'P7D' } })],
  ['summary by team', summary, () => ({ groupBy: ['TEAM'] })],
  [
    'summary by team, one provider',
    summary,
    (n) => ({ groupBy: ['TEAM'], filter: { providerIds: [provider(n)] } }),
  ],
  ['summary of a team by user', summary, (n) => ({ groupBy: ['USER'], filter: { teamIds: [team(n)] } })],
  [
    'summary of a team by key',
    summary,
    (n) => ({ groupBy: ['VIRTUAL_KEY'], filter: { teamIds: [team(n)] } }),
  ],
  ['summary of a team by model', summary, (n) => ({ groupBy: ['MODEL'], filter: { teamIds: [team(n)] } })],
  [
    'summary of a customer by day',
    summary,
    (n) => ({ groupBy: [], interval: 'DAY', filter: { customerIds: [customer(n)] } }),
  ],
]

const eventRows: readonly Row[] = [
  ['events', events, () => ({})],
  ['events of a type', events, () => ({ filter: { type: 'inference.denied' } })],
  ['events of a key', events, (n) => ({ filter: { actorId: key(n) } })],
  ['events of a subject', events, (n) => ({ filter: { subjectId: idOf('att', lateCall(n)) } })],
  ['events of a request', events, (n) => ({ filter: { requestId: idOf('req', lateCall(n)) } })],
]

/** What somebody asks who sees only some rows. */
const scopedRows: readonly Row[] = [
  ['keys', keys, () => ({})],
  ['keys searched', keys, (n) => ({ filter: { search: `key ${n}` } })],
  ['usage', usage, () => ({})],
  ['usage, deep', usage, () => ({}), { filter: { to: daysAgo(45) } }],
  ['usage denied', usage, () => ({ filter: { outcome: 'denied' } })],
  ['summary by day', summary, () => ({ groupBy: [], interval: 'DAY' })],
  ['summary by model', summary, () => ({ groupBy: ['MODEL'] })],
  ['events', events, () => ({})],
]

const asCase =
  (principal: Principal) =>
  ([name, document, variables, behind]: Row): ListCase => ({
    name: `${principal}: ${name}`,
    principal,
    document,
    variables: variables as ListCase['variables'],
    ...(behind && { behind: behind as Readonly<Record<string, unknown>> }),
  })

export const listCases: readonly ListCase[] = [
  ...[...keyRows, ...partyRows, ...usageRows, ...summaryRows, ...eventRows].map(asCase('admin')),
  ...scopedRows.map(asCase('team')),
  ...scopedRows.map(asCase('own')),
]
