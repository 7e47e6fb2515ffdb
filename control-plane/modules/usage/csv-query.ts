import { callOutcomes } from '../../../contract/events.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { usageIntervals } from './intervals.ts'
import { type UsageDimension, type UsageQuery, usageDimensions } from './summary.ts'

const lists = [
  'workspaceIds',
  'customerIds',
  'businessUnitIds',
  'teamIds',
  'userIds',
  'virtualKeyIds',
  'tags',
  'providerIds',
  'models',
  'upstreamModels',
] as const
const singles = ['interval', 'timeZone', 'from', 'to']
const parameters: readonly string[] = ['groupBy', ...singles, ...lists, 'outcomes']
const dimensions = Object.keys(usageDimensions) as UsageDimension[]

/**
 * What a query string asks for: `groupBy` with commas or more than once, the lists of the filter more than once.
 *
 * @throws BadUserInput that names the parameter
 */
export function readUsageQuery(search: URLSearchParams): UsageQuery {
  for (const name of search.keys()) {
    if (!parameters.includes(name)) throw new BadUserInput(name, `is not one of ${parameters.join(', ')}`)
    if (singles.includes(name) && search.getAll(name).length > 1) {
      throw new BadUserInput(name, 'can be given once')
    }
  }
  const interval = search.get('interval')
  const groupBy = search.getAll('groupBy').flatMap((text) => text.split(','))
  const listed = lists.filter((name) => search.has(name)).map((name) => [name, search.getAll(name)])
  return {
    groupBy: groupBy.map((text) => oneOf('groupBy', text, dimensions)),
    interval: interval === null ? undefined : oneOf('interval', interval, usageIntervals),
    timeZone: search.get('timeZone') ?? undefined,
    filter: {
      ...Object.fromEntries(listed),
      ...(search.has('outcomes') && {
        outcomes: search.getAll('outcomes').map((text) => oneOf('outcomes', text, callOutcomes)),
      }),
      from: timeOf('from', search.get('from')),
      to: timeOf('to', search.get('to')),
    },
  }
}

function oneOf<Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const value = values.find((each) => each === text)
  if (value === undefined) throw new BadUserInput(name, `is one of ${values.join(', ')}`)
  return value
}

function timeOf(name: string, text: string | null): Date | undefined {
  if (text === null) return undefined
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? new Date(text)
    : undefined
  if (time === undefined || Number.isNaN(time.getTime())) {
    throw new BadUserInput(name, 'is a time with its offset, such as 2026-11-01T00:00:00Z')
  }
  return time
}
