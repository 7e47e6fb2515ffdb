import { countOf, type JsonRecord, subjectOf } from './answers.ts'
import { DirectoryFailed, type Step } from './directory.ts'

const mostBeginnings = 10

/**
 * Where the next page of a list begins whose pages are counted from its first row: at the last row that was read, for a row
 * before it that is gone by then moves all others up, and one of them would be on no page.
 */
export function countedFrom(step: Step): number {
  return Math.max(countOf(step.from) - 1, 0)
}

/**
 * The rows of a page that are new, and what follows. Where it does not begin with the last row of the page before, the list
 * is read again from its beginning.
 *
 * @throws DirectoryFailed for a list that changes too often to be read
 */
export function countedPage(
  step: Step,
  found: readonly JsonRecord[],
  most: number,
): { readonly rows: readonly JsonRecord[]; readonly next: readonly Step[] } {
  const from = countOf(step.from)
  const isMoved = from > 0 && found[0]?.id !== step.last
  if (isMoved) return { rows: [], next: [beginAgain(step)] }
  const rows = from === 0 ? found : found.slice(1)
  const last = found.at(-1)
  const isEnd = found.length < most || last === undefined
  return { rows, next: isEnd ? [] : [{ ...step, from: from + rows.length, last: subjectOf(last.id) }] }
}

function beginAgain(step: Step): Step {
  const beginnings = countOf(step.beginnings ?? 1)
  if (beginnings < mostBeginnings) return { ...step, from: 0, beginnings: beginnings + 1 }
  throw new DirectoryFailed('malformed', 'The directory’s groups change faster than they can be read')
}
