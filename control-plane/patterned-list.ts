import { compileModelPattern, isModelPattern } from '../contract/model-lists.ts'
import { PatternRefused } from '../contract/patterns.ts'
import { BadUserInput } from './graphql/errors.ts'
import { checkAllowList } from './input.ts'

const mostPatterns = 50

/**
 * Names, `*` or patterns, `regex:gpt-4o.*`; a pattern that no data plane could match in bounded time is refused.
 *
 * @throws BadUserInput
 */
export function checkPatternedList(field: string, entries: readonly string[]): string[] {
  const patterns = checkAllowList(field, entries).filter(isModelPattern)
  if (patterns.length > mostPatterns) {
    throw new BadUserInput(field, `must have at most ${mostPatterns} patterns, not ${patterns.length}`)
  }
  for (const pattern of patterns) {
    try {
      compileModelPattern(pattern)
    } catch (error) {
      if (!(error instanceof PatternRefused)) throw error
      throw new BadUserInput(
        field,
        `"${pattern}" is no pattern: ${error.message}. Patterns have the syntax of RE2`,
      )
    }
  }
  return [...entries]
}
