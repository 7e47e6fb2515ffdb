import { isDeepStrictEqual } from 'node:util'
import { type Permission, permissionsNamedBy } from '../../../contract/permissions.ts'
import { isJudged, type PolicyEffect } from '../../authorization/access-policy.ts'
import { compileCondition } from '../../authorization/condition.ts'
import { ConditionRefused } from '../../authorization/condition-language.ts'
import { minuteOf, type TimeWindow } from '../../authorization/time-window.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { checkName, checkText } from '../../input.ts'
import { checkTimeZone } from '../../time-zone.ts'
import type { AccessPolicyRow } from './entity.ts'

export interface PolicyFields {
  readonly name: string
  readonly description?: string | null | undefined
  /** True unless said. */
  readonly enabled?: boolean | null | undefined
  readonly effect: PolicyEffect
  /** Permissions or patterns of them. */
  readonly permissions: readonly string[]
  readonly everybody?: boolean | null | undefined
  readonly roleIds?: readonly string[] | null | undefined
  readonly userIds?: readonly string[] | null | undefined
  readonly timeWindows?: readonly TimeWindow[] | null | undefined
  /** Null: none. */
  readonly condition?: string | null | undefined
}

type Stored = Omit<AccessPolicyRow, 'id' | 'organizationId' | 'version' | 'createdAt' | symbol>

const longestDescription = 1_024
const most = { permissions: 100, roleIds: 100, userIds: 100, timeWindows: 20 } as const

/** Permissions that are asked for each thing with whom it belongs to; the others are asked without. */
export const resourcePermissions: readonly Permission[] = [
  ...(['virtual_keys:update', 'virtual_keys:rotate', 'virtual_keys:revoke'] as const),
  ...(['teams:update', 'teams:delete', 'customers:update', 'customers:delete'] as const),
  ...(['business_units:update', 'business_units:delete', 'api_tokens:revoke'] as const),
]

/**
 * What is given, on top of what there is.
 *
 * @throws BadUserInput that names the field
 */
export function checkedFields(present: Stored, input: Partial<PolicyFields>): Stored {
  const { name, description, enabled, effect, permissions, everybody, roleIds, userIds } = input
  const { timeWindows, condition } = input
  const fields: Stored = {
    ...present,
    ...(name != null && { name: checkName('name', name) }),
    ...(description != null && { description: checkDescription(description) }),
    ...(enabled != null && { enabled }),
    ...(effect != null && { effect }),
    ...(permissions != null && { permissions: checkPatterns(permissions) }),
    ...(everybody != null && { everybody }),
    ...(roleIds != null && { roleIds: checkSet('roleIds', roleIds) }),
    ...(userIds != null && { userIds: checkSet('userIds', userIds) }),
    ...(timeWindows != null && { timeWindows: checkWindows(timeWindows) }),
    ...(condition !== undefined && { condition }),
  }
  checkTogether(fields)
  return fields
}

function checkTogether({ effect, permissions, everybody, roleIds, userIds, ...when }: Stored): void {
  const isNamed = roleIds.length > 0 || userIds.length > 0
  if (everybody && isNamed) {
    throw new BadUserInput('everybody', 'is about everybody already: leave roleIds and userIds empty')
  }
  if (!everybody && !isNamed) {
    throw new BadUserInput('roleIds', 'must name a role, userIds a user, or everybody must be true')
  }
  const { timeWindows, condition } = when
  if (effect === 'deny_unless' && timeWindows.length === 0 && condition === null) {
    throw new BadUserInput(
      'timeWindows',
      'or condition must say when it is allowed; what is never allowed is DENY_WHEN without either',
    )
  }
  if (condition !== null) checkCondition(condition, permissions)
}

function checkCondition(text: string, patterns: readonly string[]): void {
  try {
    if (!compileCondition(text).usesResource) return
  } catch (error) {
    if (error instanceof ConditionRefused) throw new BadUserInput('condition', error.message)
    throw error
  }
  const others = patterns
    .flatMap(permissionsNamedBy)
    .filter((permission) => !resourcePermissions.includes(permission))
  if (others.length === 0) return
  throw new BadUserInput(
    'condition',
    `reads "resource", which is known for "${resourcePermissions.join('", "')}" alone, and not for "${others[0]}"`,
  )
}

function checkDescription(description: string): string {
  return description === ''
    ? ''
    : checkText('description', description, { maximumLength: longestDescription })
}

function checkPatterns(patterns: readonly string[]): string[] {
  const distinct = checkSet('permissions', patterns)
  if (distinct.length === 0) throw new BadUserInput('permissions', 'must name at least one permission')
  for (const pattern of distinct) {
    const named = permissionsNamedBy(pattern)
    if (named.some(isJudged)) continue
    const reason =
      named.length === 0
        ? 'names no permission: see permissionCatalog'
        : 'is judged by data planes, which know no access policies: take it out of the roles that give it, with updateRole'
    throw new BadUserInput('permissions', `"${pattern.slice(0, 64)}" ${reason}`)
  }
  return distinct
}

function checkSet(field: keyof typeof most, values: readonly string[]): string[] {
  const distinct = [...new Set(values)]
  if (distinct.length <= most[field]) return distinct
  throw new BadUserInput(field, `must have at most ${most[field]} entries, not ${distinct.length}`)
}

function checkWindows(windows: readonly TimeWindow[]): TimeWindow[] {
  if (windows.length > most.timeWindows) {
    throw new BadUserInput(
      'timeWindows',
      `must have at most ${most.timeWindows} entries, not ${windows.length}`,
    )
  }
  const checked = windows.map(({ days, from, until, timeZone }, index) => {
    const field = `timeWindows.${index}`
    if (days.length === 0) throw new BadUserInput(`${field}.days`, 'must name a day')
    const [start, end] = [checkTime(`${field}.from`, from), checkTime(`${field}.until`, until)]
    if (start === 24 * 60) throw new BadUserInput(`${field}.from`, 'must be before 24:00')
    if (start === end) {
      throw new BadUserInput(
        `${field}.until`,
        'must be another time than from: a whole day is 00:00 until 24:00',
      )
    }
    return {
      ...{ days: [...new Set(days)], from, until },
      timeZone: checkTimeZone(`${field}.timeZone`, timeZone),
    }
  })
  return checked.filter((window, at) => checked.findIndex((other) => isDeepStrictEqual(other, window)) === at)
}

function checkTime(field: string, time: string): number {
  try {
    return minuteOf(time)
  } catch (error) {
    if (error instanceof RangeError) {
      throw new BadUserInput(field, 'must be a time of the day such as 09:00; 24:00 is the end of the day')
    }
    throw error
  }
}
