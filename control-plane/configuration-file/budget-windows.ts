import type { BudgetMode } from '../../contract/budget-modes.ts'
import type { FileBudget, FileBudgetWindow } from '../../contract/configuration-file/parts.ts'
import { BadUserInput } from '../graphql/errors.ts'
import { type BudgetWindowTerms, readWindowTerms, usualWindowTerms } from '../modules/budgets/window-terms.ts'
import { fieldPath } from './field-path.ts'
import { type Refuse, usdAmount } from './normal-forms.ts'

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

/** Null for a strict one. */
export function normalMode(mode: BudgetMode | undefined) {
  return mode === 'BALANCED' ? mode : null
}

/** The member of a budget in a list; strict is not said. */
export function modeMember(mode: BudgetMode | undefined) {
  return mode === 'BALANCED' ? { mode } : {}
}

/** What a file asks for of a budget, in its normal form. */
export function wantedBudget({ limitUsd, window, mode }: FileBudget, path: string, refuse: Refuse) {
  return {
    limitUsd: usdAmount(limitUsd, `${path}/limitUsd`, refuse),
    window: wantedWindow(window, path, refuse),
    mode: normalMode(mode),
  }
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
