import type { Claims } from './claims.ts'
import { type MappingRule, matchingValues } from './role-mapping.ts'

/** Exactly one of the ids is there: names of business units are unique within a customer, and nowhere else. */
export interface BusinessUnitRule extends MappingRule {
  readonly businessUnitId: string | null
  /** The claim's value is the name of a business unit of this customer. */
  readonly customerId: string | null
}

/** The ids of the business units that there are, by what a rule says: the id itself, or customer and name. */
export type KnownBusinessUnits = ReadonlyMap<string, string>

export interface MappedBusinessUnits {
  /** Sorted, each once. */
  readonly ids: readonly string[]
  /** Values of claims that are no names, sorted, each once. */
  readonly unknown: readonly string[]
}

/** @param units of two whose names differ in the composition of letters alone, the later one is meant */
export function knownBusinessUnits(
  units: readonly { readonly id: string; readonly customerId: string; readonly name: string }[],
): KnownBusinessUnits {
  return new Map(
    units.flatMap(({ id, customerId, name }) => [
      [id, id],
      [nameIn(customerId, name), id],
    ]),
  )
}

/** The business units of whoever has these claims: those of all rules that apply. One that was deleted is none. */
export function mapBusinessUnits(
  claims: Claims,
  rules: readonly BusinessUnitRule[],
  known: KnownBusinessUnits,
): MappedBusinessUnits {
  const ids = new Set<string>()
  const unknown = new Set<string>()
  for (const rule of rules) {
    for (const value of matchingValues(claims, rule)) {
      const id = known.get(rule.businessUnitId ?? nameIn(rule.customerId, value))
      if (id !== undefined) ids.add(id)
      else if (rule.businessUnitId === null) unknown.add(value)
    }
  }
  return { ids: [...ids].toSorted(), unknown: [...unknown].toSorted() }
}

function nameIn(customerId: string | null, name: string): string {
  return `${customerId} ${name.normalize('NFC')}`
}
