import type { FileBudget, FileRequestLimit } from '../../contract/configuration-file/parts.ts'
import type { Members } from './members.ts'

const periods: Readonly<Record<string, FileBudget['period']>> = {
  '1m': 'MINUTE',
  '5m': 'FIVE_MINUTES',
  '1h': 'HOUR',
  '1d': 'DAY',
  '24h': 'DAY',
  '1w': 'WEEK',
  '7d': 'WEEK',
  '1M': 'MONTH',
  '30d': 'MONTH',
  '1Q': 'QUARTER',
  '1Y': 'YEAR',
  '1y': 'YEAR',
  '365d': 'YEAR',
}

/** A budget with a period that exists; undefined, with a notice, for any other. */
export function budgetOf(budget: Members): FileBudget | undefined {
  const limitUsd = budget.number('max_limit')
  const duration = budget.text('reset_duration')
  const isAligned = budget.flag('calendar_aligned')
  if (limitUsd === undefined) {
    budget.notice('max_limit', 'a budget without "max_limit" is left out')
    return undefined
  }
  const period = duration === undefined ? 'NONE' : periods[duration]
  if (period === undefined) {
    budget.notice(
      'reset_duration',
      `a budget for "${duration}" is left out: 1m, 5m, 1h, 1d, 1w, 1M, 1Q and 1Y exist`,
    )
    return undefined
  }
  const isRolling = period !== 'NONE' && isAligned !== true
  return { limitUsd, period, ...(isRolling && { window: { alignment: 'ROLLING' } }) }
}

const secondsOf: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  M: 2_592_000,
}
const longestWindowSeconds = 2_678_400

/** What a rate limit says of requests and of tokens, each with a window of its own. */
export function requestLimitsOf(limit: Members): FileRequestLimit[] {
  return [
    ...limitOf(limit, 'request', (maxRequests) => ({ maxRequests })),
    ...limitOf(limit, 'token', (maxTokens) => ({ maxTokens })),
  ]
}

/** An owner has one limit for a window, of requests, tokens or both. */
export function joinWindows(limits: readonly FileRequestLimit[]): FileRequestLimit[] {
  const byWindow = new Map<number, FileRequestLimit>()
  for (const limit of limits)
    byWindow.set(limit.windowSeconds, { ...byWindow.get(limit.windowSeconds), ...limit })
  return [...byWindow.values()]
}

function limitOf(
  limit: Members,
  what: 'request' | 'token',
  limited: (max: number) => Omit<FileRequestLimit, 'windowSeconds'>,
): FileRequestLimit[] {
  const max = limit.number(`${what}_max_limit`)
  const duration = limit.text(`${what}_reset_duration`) ?? '1m'
  if (max === undefined) return []
  const [, count = '', unit = ''] = /^(\d+)([smhdwM])$/.exec(duration) ?? []
  const windowSeconds = Number(count) * (secondsOf[unit] ?? Number.NaN)
  if (!(windowSeconds >= 1 && windowSeconds <= longestWindowSeconds)) {
    limit.notice(
      `${what}_reset_duration`,
      `a limit for "${duration}" is left out: a window has at most 31 days`,
    )
    return []
  }
  return [{ ...limited(max), windowSeconds }]
}

/** The secrets that a file holds in clear go apart, under names of their own. */
export class SecretNames {
  /** By name. */
  readonly inClear = new Map<string, string>()

  /** `$NAME` for `env.NAME`, and for a secret in clear, which is taken out of the file with a notice. */
  refer(owner: Members, member: string, name: string): string | undefined {
    const value = owner.text(member)
    if (value === undefined || value === '') return undefined
    const [, variable] = /^env\.([A-Za-z_][A-Za-z0-9_]*)$/.exec(value) ?? []
    if (variable !== undefined) return `$${variable}`
    const stem = name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')
    const own = `IMPORTED_${stem}`
    this.inClear.set(own, value)
    owner.notice(member, 'a secret in clear: move it to the environment and write "env.NAME"')
    return `$${own}`
  }
}
