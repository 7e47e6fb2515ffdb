import { type Claims, hasClaim, readClaim } from './claims.ts'

/** Applies to whoever has the value under the claim's path; `*` is any value. */
export interface MappingRule {
  readonly claim: string
  readonly value: string
}

export interface RoleRule extends MappingRule {
  readonly roleId: string
}

export interface TeamRule extends MappingRule {
  /** A team's name; `*` is the claim's value. */
  readonly team: string | '*'
}

export interface RankedRole {
  /** The larger, the more it may do. */
  readonly privilege: number
  /** How many permissions it has, which decides between equal privileges. */
  readonly permissions: number
  readonly isSystem: boolean
  /** Whether it makes administrators, by whatever name: nothing that anybody can have gives it. */
  readonly isAdministrative: boolean
}

export type RoleStrategy = 'highest_privilege' | 'first_match'

export interface MappedTeams {
  /** Sorted, each once. */
  readonly names: readonly string[]
  /**
   * Whether the token has every claim that the rules ask for. Without one (Entra leaves out a long list of groups)
   * nobody knows which memberships are gone, so that none is to be taken away; an empty list says that all are.
   */
  readonly isClaimPresent: boolean
}

/** The role of whoever has these claims, whatever order they are in; null when no rule applies. */
export function mapRoles(
  claims: Claims,
  rules: readonly RoleRule[],
  roles: ReadonlyMap<string, RankedRole>,
  strategy: RoleStrategy,
): string | null {
  const matching = rules.flatMap((rule) => {
    const role = roles.get(rule.roleId)
    // Else whoever can have any group at the provider would govern the gateway.
    if (!role || (rule.value === '*' && (role.isSystem || role.isAdministrative))) return []
    return matchingValues(claims, rule).length > 0 ? [{ id: rule.roleId, ...role }] : []
  })
  const [first] = strategy === 'first_match' ? matching : matching.toSorted(byPrivilege)
  return first?.id ?? null
}

/** The role of those for whom no rule applies; null: none. */
export function mapDefaultRole(id: string | null, roles: ReadonlyMap<string, RankedRole>): string | null {
  const role = id === null ? undefined : roles.get(id)
  return role && !role.isAdministrative ? id : null
}

/** The teams of whoever has these claims: those of all rules that apply. */
export function mapTeams(claims: Claims, rules: readonly TeamRule[]): MappedTeams {
  const found = rules.flatMap((rule) => {
    const values = matchingValues(claims, rule)
    return rule.team === '*' ? values.map((value) => value.normalize('NFC')) : values.map(() => rule.team)
  })
  return {
    names: [...new Set(found)].toSorted(),
    isClaimPresent: rules.every(({ claim }) => hasClaim(claims, claim)),
  }
}

/** What of a claim's values a rule is about; none: it does not apply. */
export function matchingValues(claims: Claims, { claim, value }: MappingRule): readonly string[] {
  const values = readClaim(claims, claim)
  return value === '*' ? values : values.filter((found) => sameValue(found, value))
}

/** Whatever their case, and in whichever composition their letters are. */
export function sameValue(one: string, other: string): boolean {
  return folded(one) === folded(other)
}

/** In composed form before and after: lower case can take a letter apart (U+0130). */
function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().normalize('NFC')
}

interface RankedRoleWithId extends RankedRole {
  readonly id: string
}

/** Below 0: the one allows less than the other. */
export function compareRanks(one: RankedRole, other: RankedRole): number {
  return one.privilege - other.privilege || one.permissions - other.permissions
}

function byPrivilege(one: RankedRoleWithId, other: RankedRoleWithId): number {
  return compareRanks(other, one) || Number(one.id > other.id) - Number(one.id < other.id)
}
