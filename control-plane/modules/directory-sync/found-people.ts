import type { Claims } from '../../sign-in/claims.ts'

/** Somebody as a directory was read. */
export interface FoundPerson {
  readonly subject: string
  readonly name: string | null
  readonly email: string | null
  readonly claims: Claims
  /** By the names of claims that are lists. */
  readonly lists: Readonly<Record<string, readonly string[]>>
}

/** Of rows `found` of directory_people. */
export const listsOfFound = `coalesce((select jsonb_object_agg(list.claim, list.entries) from (
    select claim, jsonb_agg(value order by value) as entries from directory_values
    where org_id = found.org_id and run_id = found.run_id and subject = found.subject group by claim) list), '{}')`

export const foundColumns = `found.subject, found.name, found.email, found.claims, ${listsOfFound} as lists`

/**
 * Who may sign in there and is no user: of an organization, a run and a provider, in this order. Each is looked up: an
 * anti-join of what was read just now is planned as if there were nobody.
 */
export const unknownPeople = `found.org_id = ? and found.run_id = ? and found.active and (
    select known.id from user_identities known
    where known.org_id = found.org_id and known.provider_id = ? and known.subject = found.subject) is null`

/**
 * What an ID token would say of them, as far as the directory knows.
 *
 * @param complete the claims that it tells completely: whoever has none of their values has an empty list
 */
export function claimsOf(
  { name, email, claims, lists }: Pick<FoundPerson, 'name' | 'email' | 'claims' | 'lists'>,
  complete: readonly string[],
): Claims {
  const empty = Object.fromEntries(complete.map((claim) => [claim, [] as readonly string[]]))
  return { ...claims, ...(name !== null && { name }), ...(email !== null && { email }), ...empty, ...lists }
}
