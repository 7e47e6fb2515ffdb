import type { Evidence } from '../../assurance.ts'
import type { BusinessUnitRule } from '../../sign-in/business-unit-mapping.ts'
import type { RoleRule, TeamRule } from '../../sign-in/role-mapping.ts'

/** A rule against what a token said. */
export type TriedRule<Rule> = Rule & {
  /** What the token has under the rule's claim. */
  readonly found: readonly string[]
  /** Those of it that the rule is about; none: it does not apply. */
  readonly matched: readonly string[]
}

/** What came of a sign-in that tried a provider out. */
export interface TestSignInResult {
  /** Why it would have been refused; null: it would not. */
  readonly refusal: { readonly code: string; readonly message: string } | null
  /** Null when the provider's answer was not to be believed. */
  readonly person: TriedPerson | null
}

export interface TriedPerson {
  readonly subject: string
  readonly claims: Readonly<Record<string, unknown>>
  /** Who they are here; null: nobody yet. */
  readonly userId: string | null
  readonly roleId: string | null
  /** Whether it is the role of whoever matches no rule. */
  readonly isDefaultRole: boolean
  readonly roleRules: readonly TriedRule<RoleRule>[]
  readonly teams: readonly string[]
  /** Whether memberships would follow: not while a claim is missing that names teams. */
  readonly areTeamsKnown: boolean
  readonly teamRules: readonly TriedRule<TeamRule>[]
  readonly businessUnitIds: readonly string[]
  /** What claims hold in place of the name of a business unit. */
  readonly unknownBusinessUnits: readonly string[]
  readonly businessUnitRules: readonly TriedRule<BusinessUnitRule>[]
  readonly evidence: Evidence
}
