import type { Claims } from '../sign-in/claims.ts'
import { type MappingRule, sameValue } from '../sign-in/role-mapping.ts'
import type { DirectoryPerson } from './directory.ts'

/** What of a directory the rules of a provider ask for. Nothing else is read, or kept. */
export class WantedClaims {
  readonly #rules: readonly MappingRule[]
  readonly #groupPrefix: string

  constructor(rules: readonly MappingRule[], groupPrefix = '') {
    this.#rules = rules
    this.#groupPrefix = groupPrefix
  }

  /** Whether any rule asks for the claim. */
  has(claim: string): boolean {
    return this.#rules.some((rule) => rule.claim === claim)
  }

  /** Whether a rule of the claim is about this value. */
  wants(claim: string, value: string): boolean {
    return this.#rules.some(
      (rule) => rule.claim === claim && (rule.value === '*' || sameValue(rule.value, value)),
    )
  }

  /** Whether a rule of the claim names this value, and not just any. */
  hasExactly(claim: string, value: string): boolean {
    return this.#rules.some(
      (rule) => rule.claim === claim && rule.value !== '*' && sameValue(rule.value, value),
    )
  }

  /** As {@link wants}, for what is called a group. */
  wantsGroup(value: string): boolean {
    return value.startsWith(this.#groupPrefix) && this.wants('groups', value)
  }

  get groupPrefix(): string {
    return this.#groupPrefix
  }

  /** Those of somebody's attributes that a rule asks for by name. */
  pick(attributes: Claims): Claims {
    return Object.fromEntries(
      Object.entries(attributes).filter(([name, value]) => this.has(name) && value != null),
    )
  }

  /** Somebody with the address as the claim that it is in ID tokens. */
  person(person: Omit<DirectoryPerson, 'claims'>, attributes: Claims = {}): DirectoryPerson {
    return { ...person, claims: this.pick({ ...attributes, email: person.email }) }
  }
}
