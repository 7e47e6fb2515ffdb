import { checkInteger } from '../../input.ts'
import type { RequestLimit } from './entity.ts'

/** What the column holds. */
const mostRequests = 2_147_483_647
/** 31 days. */
const longestWindowSeconds = 2_678_400

export type LimitTerms = Pick<RequestLimit, 'maxRequests' | 'windowSeconds'>

/** @throws BadUserInput */
export function checkLimitTerms(
  { maxRequests, windowSeconds }: LimitTerms,
  field: (name: string) => string = (name) => name,
): LimitTerms {
  return {
    maxRequests: checkInteger(field('maxRequests'), maxRequests, { minimum: 1, maximum: mostRequests }),
    windowSeconds: checkInteger(field('windowSeconds'), windowSeconds, {
      minimum: 1,
      maximum: longestWindowSeconds,
    }),
  }
}
