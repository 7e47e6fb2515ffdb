import type { BudgetAlignment, Weekday } from '../../../contract/budget-windows.ts'
import { checkInteger } from '../../input.ts'
import { checkTimeZone } from '../../time-zone.ts'

/** When the windows of a period begin. */
export interface BudgetWindowTerms {
  readonly alignment: BudgetAlignment
  /** IANA name. */
  readonly timeZone: string
  readonly weekStartsOn: Weekday
  /** The month in which the fiscal year begins, and with it its quarters: 1 is January. */
  readonly fiscalYearStartsIn: number
}

/** What is left out stays as it is. */
export type BudgetWindowInput = {
  readonly [Term in keyof BudgetWindowTerms]?: BudgetWindowTerms[Term] | null | undefined
}

export const usualWindowTerms: BudgetWindowTerms = {
  alignment: 'CALENDAR',
  timeZone: 'UTC',
  weekStartsOn: 'MONDAY',
  fiscalYearStartsIn: 1,
}

/**
 * The terms once an input is applied to what they are.
 *
 * @param fieldOf names the input's field
 * @throws BadUserInput
 */
export function readWindowTerms(
  input: BudgetWindowInput | null | undefined,
  present: BudgetWindowTerms,
  fieldOf = (name: string) => name,
): BudgetWindowTerms {
  const fiscalYearStartsIn = input?.fiscalYearStartsIn ?? present.fiscalYearStartsIn
  return {
    alignment: input?.alignment ?? present.alignment,
    timeZone: checkTimeZone(fieldOf('window.timeZone'), input?.timeZone ?? present.timeZone),
    weekStartsOn: input?.weekStartsOn ?? present.weekStartsOn,
    fiscalYearStartsIn: checkInteger(fieldOf('window.fiscalYearStartsIn'), fiscalYearStartsIn, {
      minimum: 1,
      maximum: 12,
    }),
  }
}
