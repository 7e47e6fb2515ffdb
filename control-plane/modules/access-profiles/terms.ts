import type { BudgetMode } from '../../../contract/budget-modes.ts'
import type { BudgetPeriod } from '../../../contract/budget-windows.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { checkName } from '../../input.ts'
import {
  type BudgetWindowInput,
  checkBudgetLimit,
  type ProfileBudget,
  readWindowTerms,
  usualWindowTerms,
} from '../budgets/index.ts'
import { checkLimitTerms, type LimitTerms, type LimitTermsInput } from '../limits/index.ts'
import { type ContentLogging, checkDescription, type ExpiryPreset } from '../virtual-keys/index.ts'
import type { AccessProfile, ProfilePurpose } from './entity.ts'

const mostLimits = 8

interface ProfileBudgetInput {
  readonly limit: bigint
  readonly period: BudgetPeriod
  readonly window?: BudgetWindowInput | null | undefined
  readonly mode?: BudgetMode | null | undefined
}

/** What may be said of a profile beside its providers; what is left out stays as it is. */
export interface ProfileTermsInput {
  readonly name?: string | null | undefined
  readonly description?: string | null | undefined
  readonly purpose?: ProfilePurpose | null | undefined
  readonly allowAllProviders?: boolean | null | undefined
  readonly contentLogging?: ContentLogging | null | undefined
  /** Null: its keys never expire. */
  readonly expiresIn?: ExpiryPreset | null | undefined
  readonly deleteAfterExpiry?: boolean | null | undefined
  readonly budgets?: readonly ProfileBudgetInput[] | null | undefined
  readonly requestLimits?: readonly LimitTermsInput[] | null | undefined
}

export type ProfileTerms = Omit<AccessProfile, 'id' | 'organizationId' | 'version' | 'createdAt'>

/** What a profile is of which nothing was said. */
export const plainTerms: ProfileTerms = {
  name: '',
  description: '',
  purpose: 'general',
  allowAllProviders: false,
  contentLogging: 'inherit',
  expiresIn: null,
  deleteAfterExpiry: false,
  budgets: [],
  requestLimits: [],
}

/**
 * The terms of a profile once an input is applied to what they are.
 *
 * @throws BadUserInput
 */
export function readTerms(input: ProfileTermsInput, present: ProfileTerms): ProfileTerms {
  const terms = {
    name: checkName('name', input.name ?? present.name),
    description: input.description == null ? present.description : checkDescription(input.description),
    purpose: input.purpose ?? present.purpose,
    allowAllProviders: input.allowAllProviders ?? present.allowAllProviders,
    contentLogging: input.contentLogging ?? present.contentLogging,
    expiresIn: input.expiresIn === undefined ? present.expiresIn : input.expiresIn,
    deleteAfterExpiry: input.deleteAfterExpiry ?? present.deleteAfterExpiry,
    budgets: input.budgets ? readBudgets(input.budgets) : present.budgets,
    requestLimits: input.requestLimits ? readLimits(input.requestLimits) : present.requestLimits,
  }
  if (terms.deleteAfterExpiry && terms.expiresIn === null) {
    throw new BadUserInput('deleteAfterExpiry', 'needs keys that expire: set "expiresIn"')
  }
  return terms
}

function readBudgets(budgets: NonNullable<ProfileTermsInput['budgets']>): ProfileBudget[] {
  refuseTwice(
    'budgets',
    budgets.map(({ period }) => period),
  )
  return budgets.map(({ limit, period, window, mode }, index) => ({
    limitNanoUsd: String(checkBudgetLimit(`budgets[${index}].limit`, limit)),
    period,
    mode: mode ?? 'STRICT',
    ...readWindowTerms(window, usualWindowTerms, (name) => `budgets[${index}].${name}`),
  }))
}

function readLimits(limits: readonly LimitTermsInput[]): LimitTerms[] {
  if (limits.length > mostLimits) {
    throw new BadUserInput('requestLimits', `must have at most ${mostLimits} entries, not ${limits.length}`)
  }
  refuseTwice(
    'requestLimits',
    limits.map(({ windowSeconds }) => windowSeconds),
  )
  return limits.map((limit, index) => checkLimitTerms(limit, (name) => `requestLimits[${index}].${name}`))
}

/** Of two with the same period or window only the tighter one would ever count. */
function refuseTwice(field: string, values: readonly (string | number)[]): void {
  const index = values.findIndex((value, at) => values.indexOf(value) !== at)
  if (index >= 0) throw new BadUserInput(`${field}[${index}]`, `has ${values[index]}, as one before it`)
}
