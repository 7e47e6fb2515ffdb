import { BadUserInput } from '../../graphql/errors.ts'
import { checkInteger } from '../../input.ts'
import type { RequestLimit } from './entity.ts'

/** What the columns hold. */
const largestLimit = 2_147_483_647
/** 31 days. */
const longestWindowSeconds = 2_678_400

export type LimitTerms = Pick<RequestLimit, 'maxRequests' | 'maxTokens' | 'windowSeconds'>

export interface LimitTermsInput {
  readonly maxRequests?: number | null | undefined
  readonly maxTokens?: number | null | undefined
  readonly windowSeconds: number
}

/** @throws BadUserInput */
export function checkLimitTerms(
  { maxRequests, maxTokens, windowSeconds }: LimitTermsInput,
  field: (name: string) => string = (name) => name,
): LimitTerms {
  const checkLimit = (name: string, limit: number | null | undefined) =>
    limit == null ? null : checkInteger(field(name), limit, { minimum: 1, maximum: largestLimit })
  const terms = {
    maxRequests: checkLimit('maxRequests', maxRequests),
    maxTokens: checkLimit('maxTokens', maxTokens),
    windowSeconds: checkInteger(field('windowSeconds'), windowSeconds, {
      minimum: 1,
      maximum: longestWindowSeconds,
    }),
  }
  if (terms.maxRequests === null && terms.maxTokens === null) {
    throw new BadUserInput(field('maxRequests'), 'limits nothing: give "maxRequests", "maxTokens" or both')
  }
  return terms
}
