import type { FileBudgetWindow } from '../../contract/configuration-file/parts.ts'
import { BadUserInput } from '../graphql/errors.ts'
import { type BudgetWindowTerms, readWindowTerms, usualWindowTerms } from '../modules/budgets/window-terms.ts'
import { fieldPath } from './field-path.ts'
import type { Refuse } from './normal-forms.ts'

/** When the periods of a budget begin, all of it said; null where it is as usual. */
export function normalWindow(terms: BudgetWindowTerms) {
  const { alignment, timeZone, weekStartsOn, fiscalYearStartsIn } = terms
  const isUsual =
    alignment === usualWindowTerms.alignment &&
    timeZone === usualWindowTerms.timeZone &&
    weekStartsOn === usualWindowTerms.weekStartsOn &&
    fiscalYearStartsIn === usualWindowTerms.fiscalYearStartsIn
  return isUsual ? null : { alignment, timeZone, weekStartsOn, fiscalYearStartsIn }
}

/** The member of a budget in a list; as usual is not said. */
export function windowMember(window: ReturnType<typeof normalWindow>) {
  return window ? { window } : {}
}

/** The window that a file asks for, in its normal form. */
export function wantedWindow(
  window: FileBudgetWindow | undefined,
  path: string,
  refuse: Refuse,
): ReturnType<typeof normalWindow> {
  try {
    return normalWindow(readWindowTerms(window, usualWindowTerms))
  } catch (error) {
    if (!(error instanceof BadUserInput)) throw error
    refuse(`${path}${fieldPath(error)}`, error.message)
    return null
  }
}
