import type { EntityManager } from '@mikro-orm/postgresql'
import { requireRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import type { BusinessUnitRule } from '../../sign-in/business-unit-mapping.ts'
import type { MappingRule } from '../../sign-in/role-mapping.ts'
import { BusinessUnitEntity } from '../business-units/index.ts'
import { CustomerEntity } from '../customers/index.ts'

export interface BusinessUnitRuleInput extends MappingRule {
  readonly businessUnitId?: string | null | undefined
  readonly customerId?: string | null | undefined
}

/** @throws BadUserInput */
export function toBusinessUnitRules(input: readonly BusinessUnitRuleInput[]): BusinessUnitRule[] {
  return input.map(({ claim, value, businessUnitId = null, customerId = null }) => {
    if ((businessUnitId === null) === (customerId === null)) {
      throw new BadUserInput(
        'businessUnitRules',
        'must each have either businessUnitId, or customerId where the claim holds the name of a business unit',
      )
    }
    return { claim, value, businessUnitId, customerId }
  })
}

/** That there is what rules name; what is deleted later gives nothing. @throws NotFound */
export async function requireNamed(em: EntityManager, rules: readonly BusinessUnitRule[]): Promise<void> {
  for (const { businessUnitId, customerId } of rules) {
    if (businessUnitId !== null) await requireRow(em, BusinessUnitEntity, 'business unit', businessUnitId)
    if (customerId !== null) await requireRow(em, CustomerEntity, 'customer', customerId)
  }
}
