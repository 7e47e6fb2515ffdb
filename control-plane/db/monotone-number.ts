/**
 * SQL of the next number of what no restore of a backup may number again: above the last one, and at least the number of
 * seconds since 2026 by the database's clock. Of two restores of one backup the second finds the same last number as the
 * first did, but not the same second; an integer lasts until 2094.
 *
 * @param last SQL of the last number
 */
export function monotoneNumber(last: string): string {
  return `greatest(${last} + 1, extract(epoch from clock_timestamp() - timestamptz '2026-01-01 00:00:00+00')::integer)`
}
