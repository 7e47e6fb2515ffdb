import { RE2JS } from 're2js'

/*
 * Patterns that operators write and callers' text is matched with. They have the syntax of RE2, which has no
 * backreferences and no lookaround: matching takes time linear in the text, whatever the pattern. A pattern matches the
 * whole text.
 */

export const longestPatternLength = 256
/** RE2 instructions. `(.{0,50}){0,18}` has 1857 and takes 90 ms for one name; `gpt-4o.*` has 10. */
const largestPatternProgram = 300

/** Why a pattern cannot be used. */
export class PatternRefused extends TypeError {
  override readonly name = 'PatternRefused'
}

export type Matches = (text: string) => boolean

export interface PatternOptions {
  readonly ignoreCase: boolean
  /** Time is linear in the text, and so the text is bounded: a longer one does not match. */
  readonly longestText: number
}

/** @throws PatternRefused that says what is wrong with the pattern. */
export function compilePattern(source: string, { ignoreCase, longestText }: PatternOptions): Matches {
  if (source === '') throw new PatternRefused('the pattern is empty')
  if (source.length > longestPatternLength) {
    throw new PatternRefused(`the pattern has more than ${longestPatternLength} characters`)
  }
  const pattern = parsePattern(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
  if (pattern.programSize() > largestPatternProgram) {
    throw new PatternRefused('the pattern is too large: use fewer or smaller repetitions')
  }
  return (text) => text.length <= longestText && pattern.matches(text)
}

function parsePattern(source: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(source, flags)
  } catch (error) {
    // The library's messages quote the pattern with the flags that were put before it.
    const reason = error instanceof Error ? error.message.replace('(?i)', '') : String(error)
    throw new PatternRefused(reason)
  }
}
