import { isInference, type Permission, permissionsNamedBy } from '../../contract/permissions.ts'
import type { Circumstances, PolicySubject, ResourceFacts } from './circumstances.ts'
import { type CompiledCondition, compileCondition } from './condition.ts'
import { type ContainsTime, compileWindow, type TimeWindow } from './time-window.ts'

/**
 * `deny_when`: what a policy names is denied while it holds, and always when it says nothing of when. `deny_unless`: it is
 * denied while the policy does not hold.
 */
export type PolicyEffect = 'deny_when' | 'deny_unless'

/** What a policy says. It only ever takes away; roles alone give. */
export interface PolicyTerms {
  readonly id: string
  readonly name: string
  readonly effect: PolicyEffect
  /** Patterns, which also name what later releases add. */
  readonly permissions: readonly string[]
  readonly everybody: boolean
  /** Whoever has one of these roles, or one that inherits from it. */
  readonly roleIds: readonly string[]
  readonly userIds: readonly string[]
  /** It holds in any of these; without any at every time. */
  readonly timeWindows: readonly TimeWindow[]
  /** And while this is true; see condition-language.ts. */
  readonly condition: string | null
}

/** What a policy does: `unknown` denies too. */
export type PolicyVerdict = 'allows' | 'denies' | 'unknown'

export interface AccessPolicy {
  readonly terms: PolicyTerms
  readonly permissions: ReadonlySet<Permission>
  /** Whether its verdict depends on the thing that is acted on. */
  readonly usesResource: boolean
  judge(circumstances: Circumstances, resource?: ResourceFacts): PolicyVerdict
}

/** Data planes, which judge inference, know no policies: to name all does not mean it, and nothing else may name it. [X0-02] */
export function isJudged(permission: Permission): boolean {
  return !isInference(permission)
}

/** A policy that cannot be read denies all that it names. */
export function compilePolicy(terms: PolicyTerms): AccessPolicy {
  const permissions = new Set(terms.permissions.flatMap(permissionsNamedBy).filter(isJudged))
  try {
    const windows = terms.timeWindows.map(compileWindow)
    const condition = terms.condition === null ? undefined : compileCondition(terms.condition)
    return {
      ...{ terms, permissions, usesResource: condition?.usesResource ?? false },
      judge: judgeOf(terms.effect, windows, condition),
    }
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    return { terms, permissions, usesResource: false, judge: () => 'unknown' }
  }
}

/** The user also stands behind the tokens that they issued. */
export function appliesTo({ everybody, roleIds, userIds }: PolicyTerms, subject: PolicySubject): boolean {
  return (
    everybody ||
    roleIds.some((id) => subject.roleIds.has(id)) ||
    userIds.some((id) => id === subject.userId || id === subject.personId)
  )
}

function judgeOf(
  effect: PolicyEffect,
  windows: readonly ContainsTime[],
  condition: CompiledCondition | undefined,
): AccessPolicy['judge'] {
  const denying = effect === 'deny_when'
  return (circumstances, resource) => {
    const isTime = windows.length === 0 || windows.some((contains) => contains(circumstances.now))
    // Outside its times a policy does not hold, whatever else is so.
    const holds = isTime && condition ? condition.judge(circumstances, resource) : isTime
    if (holds === undefined) return 'unknown'
    return holds === denying ? 'denies' : 'allows'
  }
}
