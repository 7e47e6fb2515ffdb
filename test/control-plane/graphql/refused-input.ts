import { type Outcome, titleOf } from './bad-input.ts'

/** Codes of refusals that tell in other words which field is meant. */
const words: Readonly<Record<string, RegExp>> = {
  NOT_FOUND: /^There is no [A-Za-z ]+ "[^"]{1,128}"$/,
  STALE_UPDATE: /at version \d+ and not -?\d+/,
  CONFIGURATION_MOVED: /at revision \d+, no longer at -?\d+/,
  CONFIGURATION_FILE_INVALID: /^(the file|\/\w*): must/,
  BAD_REQUEST: /^The body (is not JSON|is nested more than \d+ deep|names "\w+" twice)/,
  REQUEST_ENTITY_TOO_LARGE: /^The body has more than \d+ bytes/,
}

const statuses: ReadonlySet<number> = new Set([200, 400, 413])
/** A refusal does not repeat what it refuses. */
const longestMessage = 500

/** What is wrong with how a value was refused; undefined when it was refused well. */
export function problemOf({ input, status, code, message }: Outcome): string | undefined {
  const problem = (what: string) => `${titleOf(input)}: ${what}: ${status} ${code} ${message.slice(0, 200)}`
  if (code === undefined) return problem('was accepted')
  if (code === 'INTERNAL_SERVER_ERROR' || !statuses.has(status)) return problem('was not refused but broke')
  if (message.length > longestMessage) return problem('repeats what it refuses')
  const isClear =
    namesOf(input.position.path).some((name) => message.includes(name)) || words[code]?.test(message)
  return isClear ? undefined : problem('does not name the field')
}

/** The field, and what it lies in: `rotationKey`; `teamId` and `filter`. */
function namesOf(path: string): string[] {
  const names = path.split('.').filter((step) => step !== 'input' && step !== '0')
  return names.length === 0 ? ['input'] : names
}
