import { BadUserInput } from '../../graphql/errors.ts'
import { checkListLength, checkText } from '../../input.ts'

/** Which people of a directory. */
export interface DirectoryFilter {
  /** Part of their name or e-mail address. */
  readonly search: string | null
  /** They have one of these groups or roles; empty: whichever. */
  readonly groups: readonly string[]
}

/** As a caller gives it. */
export interface GivenFilter {
  readonly search?: string | null | undefined
  readonly groups?: readonly string[] | null | undefined
}

const mostGroups = 50

/** @throws BadUserInput */
export function checkFilter(given: GivenFilter | null | undefined): DirectoryFilter {
  const search = given?.search ?? null
  if (search !== null) checkText('filter.search', search, { maximumLength: 128 })
  checkListLength('filter.groups', given?.groups?.length ?? 0)
  const groups = [...new Set(given?.groups)]
  if (groups.length > mostGroups)
    throw new BadUserInput('filter.groups', `must name at most ${mostGroups} groups`)
  for (const group of groups) checkText('filter.groups', group, { maximumLength: 256 })
  return { search, groups }
}

/** Of rows `found` of directory_people. */
export function filterCondition({ search, groups }: DirectoryFilter): {
  sql: string
  values: readonly string[]
} {
  const conditions = [
    ...(search === null ? [] : [`strpos(lower(concat_ws(' ', found.name, found.email)), lower(?)) > 0`]),
    ...(groups.length === 0
      ? []
      : [
          `exists (select from directory_values named where named.org_id = found.org_id and named.run_id = found.run_id
           and named.subject = found.subject and lower(named.value) in (select lower(jsonb_array_elements_text(?::jsonb))))`,
        ]),
  ]
  const values = [
    ...(search === null ? [] : [search]),
    ...(groups.length === 0 ? [] : [JSON.stringify(groups)]),
  ]
  return { sql: conditions.join(' and ') || 'true', values }
}
