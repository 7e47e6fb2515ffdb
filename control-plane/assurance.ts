import type { Permission } from '../contract/permissions.ts'
import { MfaRequired } from './graphql/errors.ts'

/** What must have been proved. Empty lists ask for what counts as MFA at the person's identity provider. */
export interface Requirement {
  /** Of the classes (`acr`, Entra's `acrs`) one of these. */
  readonly acrValues: readonly string[]
  /** Of the methods (`amr`) one of these. */
  readonly amr: readonly string[]
  /** How long ago it may have been; null: as long as the session lasts. */
  readonly maxAgeSeconds: number | null
}

/** What is known of how somebody proved who they are. */
export interface Evidence {
  /** By what counts as MFA at their identity provider. */
  readonly isMfa: boolean
  /** `amr` */
  readonly methods: readonly string[]
  /** `acr`, and Entra's `acrs` */
  readonly classes: readonly string[]
  /** In milliseconds; null: not known, which is never recent. */
  readonly at: number | null
}

/** Of an API token: what whoever issued it had proved by then; all, when that was done on the machine itself. */
export type IssuedWith = Omit<Evidence, 'at'> | { readonly provesAll: true }

/** A rule, as it concerns one actor. */
export interface AppliedRule {
  readonly permissions: ReadonlySet<Permission>
  readonly requirement: Requirement
  /** Whether API tokens need nothing for it. */
  readonly exemptsTokens: boolean
}

export interface AssuranceTerms {
  readonly rules: readonly AppliedRule[]
  /** Null: nothing is proved. */
  readonly proof: Proof | null
  /** In milliseconds. */
  readonly now: number
  /** Where a browser proves more; null: this credential cannot. */
  readonly stepUpUrl: ((requirement: Requirement) => string) | null
}

export type Proof =
  | { readonly of: 'session'; readonly evidence: Evidence }
  | { readonly of: 'token'; readonly issuedWith: IssuedWith | null }

/** Whether what somebody has proved is enough for what they want to do. */
export class Assurance {
  readonly #terms: AssuranceTerms

  constructor(terms: AssuranceTerms) {
    this.#terms = terms
  }

  get proof(): Proof | null {
    return this.#terms.proof
  }

  /** Whether whoever asks has proved what the use of this permission needs. */
  isEnoughFor(permission: Permission): boolean {
    return this.#terms.rules.every((rule) => !rule.permissions.has(permission) || this.meets(rule))
  }

  /** @throws MfaRequired */
  require(permission: Permission): void {
    const { rules, stepUpUrl } = this.#terms
    const unmet = rules
      .filter((rule) => rule.permissions.has(permission) && !this.meets(rule))
      .map(({ requirement }) => requirement)
    const [first] = unmet
    if (!first) return
    const ages = unmet.flatMap(({ maxAgeSeconds }) => maxAgeSeconds ?? [])
    const wanted = { ...first, maxAgeSeconds: ages.length === 0 ? null : Math.min(...ages) }
    throw new MfaRequired({ ...wanted, stepUpUrl: stepUpUrl?.(wanted) ?? null })
  }

  /** Whether a rule lets through whoever asks, were it about what they do. */
  meets({ requirement, exemptsTokens }: Pick<AppliedRule, 'requirement' | 'exemptsTokens'>): boolean {
    const { proof, now } = this.#terms
    if (proof === null) return false
    if (proof.of === 'session') return isMet(requirement, proof.evidence, now)
    if (exemptsTokens) return true
    const { issuedWith } = proof
    if (issuedWith === null) return false
    return 'provesAll' in issuedWith || isProved(requirement, issuedWith)
  }
}

/** @param now in milliseconds */
export function isMet(requirement: Requirement, evidence: Evidence, now: number): boolean {
  const { maxAgeSeconds } = requirement
  const isRecent =
    maxAgeSeconds === null || (evidence.at !== null && now - evidence.at <= maxAgeSeconds * 1_000)
  return isRecent && isProved(requirement, evidence)
}

/** Both lists must be met where both are given: what is asked for is never weakened by asking for more. */
function isProved(
  { acrValues, amr }: Requirement,
  { isMfa, methods, classes }: Omit<Evidence, 'at'>,
): boolean {
  if (acrValues.length === 0 && amr.length === 0) return isMfa
  return (
    (acrValues.length === 0 || acrValues.some((value) => classes.includes(value))) &&
    (amr.length === 0 || amr.some((value) => methods.includes(value)))
  )
}
