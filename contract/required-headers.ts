import { compilePattern, type Matches } from './patterns.ts'

/*
 * Headers that every call must carry: each with `*` for any value, or with a pattern for the whole value, whose case
 * counts. The lists below are bounded because callers that nobody knows yet have their headers matched. [X0-28]
 */

export const anyValue = '*'
export const mostRequiredHeaders = 16
/** A longer value matches no pattern. */
export const longestRequiredValue = 512

/** A header that has no value is not there. @throws PatternRefused */
export function compileRequiredValue(pattern: string): Matches {
  if (pattern === anyValue) return (value) => value !== ''
  return compilePattern(pattern, { ignoreCase: false, longestText: longestRequiredValue })
}
